"""TODO systemd."""
