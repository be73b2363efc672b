"""Sabotaging the stack: each defect of the catalogue is planted, and the promise that it breaks must turn red."""
