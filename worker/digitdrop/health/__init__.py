"""TODO health."""
