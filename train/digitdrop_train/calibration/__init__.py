"""Calibration: temperature and thresholds of a trained network, and its figures."""
