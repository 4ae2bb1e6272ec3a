"""From frames to a verdict; the only package that imports LiteRT."""
