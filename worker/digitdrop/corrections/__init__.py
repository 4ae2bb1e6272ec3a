"""Corrections: a picture moved into `review/7/` gets a row with that label."""
