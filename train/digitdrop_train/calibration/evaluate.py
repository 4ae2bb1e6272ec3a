"""How good the answers are: accuracy with counts, and whether the confidence can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitdrop.inference.decision import confidence, rejected
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Probabilities, Thresholds
from digitdrop_train.data import Labels

Beliefs: TypeAlias = npt.NDArray[np.floating]
"""Shape (pictures, 12): what is believed of each picture; rows sum to 1."""

BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a set of labelled digits says about the network."""

    count: int
    right: int
    """Where the worker's prediction is the label; a digit that it rejects is not right."""
    accuracy: float
    rejected: int
    """Digits without a prediction: taken for no digit, or for several."""
    best_digit_right: int
    """Where the likeliest of the ten digits at first sight is the label, rejected or not: what is
    compared with other networks."""
    negative_log_likelihood: float
    calibration_error: float
    """Of the confidence, over those with a prediction: 15 bins of equally many (adaptive)."""

    def __str__(self) -> str:
        """Say it in one line."""
        best = self.best_digit_right
        return (
            f"MNIST test accuracy: {best / self.count:.2%} ({best:,} of {self.count:,}) at "
            f"first sight; {self.accuracy:.2%} ({self.right:,}) as the worker answers, "
            f"which rejects {self.rejected}"
        )


def figures(first: Beliefs, beliefs: Beliefs, labels: Labels, thresholds: Thresholds) -> Figures:
    """Sum up answers.

    Args:
        first: what the network says at first sight, float (count, 12), each row summing to 1.
        beliefs: the same, of pictures with one reading, after a second look where in doubt.
        labels: what is right, 0-9; at least one.
        thresholds: what the worker rejects.
    """
    said = predictions(beliefs, thresholds)
    right = said == labels
    read = said >= 0
    sure = confidences(beliefs, beliefs[:, :10].max(axis=1), thresholds)
    return Figures(
        count=len(labels),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        rejected=int((~read).sum()),
        best_digit_right=int((first[:, :10].argmax(axis=1) == labels).sum()),
        negative_log_likelihood=negative_log_likelihood(beliefs, labels),
        calibration_error=calibration_error(sure[read], right[read]),
    )


def predictions(beliefs: Beliefs, thresholds: Thresholds) -> npt.NDArray[np.intp]:
    """Return the digit that `judge` predicts for each row, -1 where it predicts none."""
    kinds = ((NOT_A_DIGIT, thresholds.not_a_digit), (SEVERAL, thresholds.several))
    none = [
        any(rejected(belief, kind, least) for kind, least in kinds) for belief in beliefs.tolist()
    ]
    return np.where(none, -1, beliefs[:, :10].argmax(axis=1))


def confidences(
    beliefs: Beliefs, evidence: npt.NDArray[np.floating], thresholds: Thresholds
) -> npt.NDArray[np.float64]:
    """Return the confidence that `judge` has in the likeliest digit of each row."""
    pairs = zip(beliefs[:, :10].max(axis=1).tolist(), evidence.tolist(), strict=True)
    return np.array([confidence(likeliest, its, thresholds) for likeliest, its in pairs])


def negative_log_likelihood(beliefs: Beliefs, labels: npt.NDArray[np.integer]) -> float:
    """Return the mean surprise at the labels, 0-11, in nats."""
    true = beliefs[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def calibration_error(confidence: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]) -> float:
    """Return how far confidence and accuracy are apart, 0-1, on average over bins."""
    if not len(confidence):
        return 0.0
    order = np.argsort(confidence)
    gaps = [
        abs(float(confidence[part].mean()) - float(right[part].mean())) * len(part)
        for part in np.array_split(order, BINS)
        if len(part)
    ]
    return sum(gaps) / len(order)


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Probabilities:
    """Turn logits, float (..., 12), into probabilities."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True), np.float32)
