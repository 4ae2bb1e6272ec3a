"""The command line: a file for each command, and options with one default."""
