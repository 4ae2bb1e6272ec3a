"""Retention: old pictures of `done/` are deleted, a little at a time."""
