"""Making histories: correct ones, and ones with a planted anomaly."""
