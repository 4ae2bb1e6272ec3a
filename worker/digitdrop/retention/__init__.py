"""Old pictures of `done/` are cleared, a little at a time."""
