"""pytest options and fixture imports, nothing else."""
