"""The command line: a file for each command, options with their one default."""
