"""Chaos Toolkit controls: strict (an experiment is a test) and evidence (where a run's evidence goes)."""
