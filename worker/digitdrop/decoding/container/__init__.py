"""Checks of each format: all bytes of a file are there, and none of them costs too much."""
