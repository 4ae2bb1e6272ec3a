"""What the worker tells of itself while it runs."""
