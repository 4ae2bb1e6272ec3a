"""The service, from start to stop: what is dropped is claimed, read, recorded and archived."""
