"""Recovery: one test per experiment."""
