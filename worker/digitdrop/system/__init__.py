"""The machine and the process: cores, memory, signals, streams, shutdown, search paths."""
