"""Evaluation: figures and charts of labelled pictures."""
