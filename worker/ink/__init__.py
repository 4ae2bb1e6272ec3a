"""What is ink, what is paper, and what of it is the digit: the parts of `decode` and `glyph`."""
