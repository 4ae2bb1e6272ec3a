"""Digits drawn stroke by stroke, in place of MNIST's."""

import numpy as np

from digitdrop_train.data import Dataset
from digitdrop_train.synthesis.strokes import draw_digit


def some_digits(count: int) -> Dataset:
    """Draw `count` digits, 0, 1, 2 and so on in turn; the same again in each call."""
    rng = np.random.default_rng(7)
    return Dataset.of([(draw_digit(number % 10, rng), number % 10) for number in range(count)])
