"""The commands, a file each. A command imports its rooms when it runs: `--help` is instant."""
