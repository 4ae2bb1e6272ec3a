"""The average of a network's weights on their way (Polyak): better than where they end."""

from __future__ import annotations

import keras
import numpy as np

AVERAGE = 0.999
"""How much of the average stays at each step, some steps after the start (An et al. 2020)."""


class Average:
    """The moving average of all that a network has learned.

    With the statistics of its batch normalisation: those of the last step do not
    belong to the averaged weights.
    """

    def __init__(self, network: keras.Model) -> None:
        """Start at the network's present weights."""
        self._sources = [each for each in network.weights if each.dtype == "float32"]
        self._means = [keras.ops.convert_to_numpy(each).copy() for each in self._sources]
        self._steps = 0

    def add(self) -> None:
        """Take in the weights as they are now."""
        self._steps += 1
        # At the start the random weights should be forgotten soon (Polyak's warm-up).
        keep = min(AVERAGE, (1 + self._steps) / (10 + self._steps))
        for mean, source in zip(self._means, self._sources, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * keras.ops.convert_to_numpy(source), out=mean)

    def copy_to(self, network: keras.Model) -> None:
        """Give the average to a network of the same build."""
        targets = [each for each in network.weights if each.dtype == "float32"]
        for mean, target in zip(self._means, targets, strict=True):
            target.assign(mean)
