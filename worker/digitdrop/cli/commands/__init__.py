"""Thin commands. What a command needs is imported inside it, so that `--help` is instant."""
