"""The state of the running worker: its status, its heartbeat, and the files that it retries."""
