"""What the worker tells of itself: to `status`, to systemd, to Prometheus."""
