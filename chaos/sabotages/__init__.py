"""Defects planted in the stack on purpose, to see the promise that each breaks turn red."""
