"""What each class means, in plain Python: what the fast checker is tested against."""
