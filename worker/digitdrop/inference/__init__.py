"""From frames to a verdict; the only room that knows LiteRT."""
