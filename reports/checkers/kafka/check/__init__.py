"""Judging a history: the classes, their witnesses, the verdict."""
