"""The worker as a service of systemd: its unit, wholly installed or not at all."""
