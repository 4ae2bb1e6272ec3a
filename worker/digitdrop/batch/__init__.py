"""One-shot runs over files and folders."""
