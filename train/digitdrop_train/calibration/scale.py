"""What a probability is worth as a confidence: two numbers, fitted to held-out digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from digitdrop.inference.decision import logit

PULL = 1.0
"""The weight, in pictures, of leaving it as it is."""
STEPS = 1000
"""For 20,000 pictures 300 steps give six digits."""
FLATTEST = 0.1
"""The least slope: the order of pictures must stay."""


def scale(
    probability: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Fit the slope and offset of `judge.confidence` (Platt 1999): logistic regression.

    With a pull towards (1, 0), leaving it as it is, that weighs as much as some pictures do: a
    network that was never wrong would otherwise end at infinity. Each step takes the curvature
    for the largest that it may be (Boehning and Lindsay 1988), where Newton's may overshoot.

    Args:
        probability: of the likeliest digit, 0-1, shape (pictures,); may be empty.
        right: whether it was the digit.
    """
    inputs = np.array([(logit(each), 1.0) for each in probability.tolist()]).reshape(-1, 2)
    neutral = np.array([1.0, 0.0])
    found, curvature = neutral, inputs.T @ inputs / 4 + PULL * np.eye(2)
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-inputs @ found))
        gradient = inputs.T @ (said - right) + PULL * (found - neutral)
        found = found - np.linalg.solve(curvature, gradient)
    return max(float(found[0]), FLATTEST), float(found[1])
