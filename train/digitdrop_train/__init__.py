"""Training: runs once, and hands over nothing but `models/`."""
