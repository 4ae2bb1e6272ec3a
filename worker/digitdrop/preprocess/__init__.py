"""TODO preprocess."""
