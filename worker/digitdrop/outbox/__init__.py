"""The output of the worker: the report, and the archive of pictures."""
