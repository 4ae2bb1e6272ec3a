"""How good the answers are: accuracy with counts, and whether the confidence can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.data import Labels
from worker.values import Probabilities

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a set of labelled pictures says about the network."""

    count: int
    right: int
    """Where the most probable of the 12 classes is the label's."""
    accuracy: float
    negative_log_likelihood: float
    calibration_error: float
    """Expected calibration error over 15 bins of equally many pictures (adaptive)."""


def figures(probabilities: Probabilities, labels: Labels) -> Figures:
    """Sum up answers.

    Args:
        probabilities: float (count, 12), each row summing to 1.
        labels: what is right, 0-11; at least one.
    """
    chosen = probabilities.argmax(axis=1)
    right = chosen == labels
    true = probabilities[np.arange(len(labels)), labels]
    return Figures(
        count=len(labels),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        negative_log_likelihood=float(-np.log(np.maximum(true, 1e-12)).mean()),
        calibration_error=calibration_error(probabilities.max(axis=1), right),
    )


def calibration_error(confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]) -> float:
    """Return how far confidence and accuracy are apart, 0-1, on average over bins."""
    order = np.argsort(confidence)
    gaps = [
        abs(float(confidence[part].mean()) - float(right[part].mean())) * len(part)
        for part in np.array_split(order, BINS)
        if len(part)
    ]
    return sum(gaps) / len(order)


def confusion(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.int64]:
    """Count answers: shape (12, 12), rows what is right, columns what was said."""
    counts = np.zeros((12, 12), np.int64)
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    return counts


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Probabilities:
    """Turn logits, float (..., 12), into probabilities."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True), np.float32)
