"""Figures of labelled pictures: accuracy with counts, and the quality of the confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.calibration import bins, calibration_error, log_loss
from digitdrop.inference.decision import confidence, is_rejected
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Probabilities, Thresholds
from digitdrop_train.data import LabelArray

Posterior: TypeAlias = npt.NDArray[np.floating]
"""Shape (pictures, 12): probabilities of each picture's classes; rows sum to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitScores:
    """Figures of a set of labelled digits."""

    count: int
    right: int
    """Digits with a prediction that is the label; a rejected digit is not right."""
    accuracy: float
    rejected: int
    """Digits without a prediction: taken for no digit, or for several."""
    best_digit_right: int
    """Digits whose likeliest class of 0-9 is the label, rejected or not, without test-time
    augmentation: the figure that other networks are compared by."""
    negative_log_likelihood: float
    """Over 12 classes, in nats."""
    calibration_error: float
    """Of the confidence, over digits with a prediction: 15 bins of equally many."""

    def __str__(self) -> str:
        """Return the accuracies in one line."""
        best = self.best_digit_right
        return (
            f"MNIST test accuracy: {best / self.count:.2%} ({best:,} of {self.count:,}) by the "
            f"network alone; {self.accuracy:.2%} ({self.right:,}) as the worker answers, "
            f"which rejects {self.rejected}"
        )


def score_digits(
    plain: Posterior, posterior: Posterior, labels: LabelArray, thresholds: Thresholds
) -> DigitScores:
    """Compute the figures of pictures with one candidate frame each.

    Args:
        plain: the network's probabilities, float (count, 12), without test-time augmentation.
        posterior: the same as the worker computes them.
        labels: 0-9; at least one.
        thresholds: decide which digits the worker rejects.
    """
    predicted = predictions(posterior, thresholds)
    right = predicted == labels
    read = predicted >= 0
    sure = confidences(posterior, posterior[:, :10].max(axis=1), thresholds)
    return DigitScores(
        count=len(labels),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        rejected=int((~read).sum()),
        best_digit_right=int((plain[:, :10].argmax(axis=1) == labels).sum()),
        negative_log_likelihood=log_loss(posterior, labels),
        calibration_error=calibration_error(bins(sure[read], right[read])),
    )


def predictions(posterior: Posterior, thresholds: Thresholds) -> npt.NDArray[np.intp]:
    """Return the digit that the worker predicts for each row, or -1 where it rejects."""
    kinds = ((NOT_A_DIGIT, thresholds.not_a_digit), (SEVERAL, thresholds.several))
    none = [
        any(is_rejected(row, kind, least) for kind, least in kinds) for row in posterior.tolist()
    ]
    return np.where(none, -1, posterior[:, :10].argmax(axis=1))


def confidences(
    posterior: Posterior, support: npt.NDArray[np.floating], thresholds: Thresholds
) -> npt.NDArray[np.float64]:
    """Return the worker's confidence in the likeliest digit of each row, 0-1."""
    pairs = zip(posterior[:, :10].max(axis=1).tolist(), support.tolist(), strict=True)
    return np.array([confidence(likeliest, own, thresholds) for likeliest, own in pairs])


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Probabilities:
    """Turn logits, float (..., 12), into probabilities.

    >>> softmax(np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True), np.float32)
