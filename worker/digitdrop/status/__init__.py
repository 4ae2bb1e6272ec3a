"""TODO status."""
