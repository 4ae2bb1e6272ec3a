"""The worker as a service of systemd: its unit, and how it is installed."""
