"""Checkers: pure functions from the files of a dossier to a Finding."""
