"""Synthesis: pictures and frames that are drawn and composed for training."""
