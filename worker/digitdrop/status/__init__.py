"""The state of the worker, and all that needs a person."""
