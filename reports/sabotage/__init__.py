"""Sabotage of the evidence: a good dossier is mutated, and no claim may pass as if nothing had happened."""
