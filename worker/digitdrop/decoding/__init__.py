"""From bytes to an upright grey picture, strictly and within limits."""
