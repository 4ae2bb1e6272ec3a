"""TODO why."""
