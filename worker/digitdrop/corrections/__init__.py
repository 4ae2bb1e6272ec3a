"""TODO corrections."""
