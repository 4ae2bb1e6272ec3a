"""Measure how far confidences and probabilities can be believed.

In formulas, `n` is the number of rows, `y` the label and `p` a probability.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.answers import Answers, RowMask, ShareArray

CALIBRATION_BINS: Final = 15
"""Bins of a calibration error; the usual number since Guo et al. 2017."""
FLOOR: Final = 1e-6
"""Lowest probability of a digit, so that a confident mistake has a finite cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of about the same confidence."""

    count: int
    confidence: float
    """The mean confidence."""
    accuracy: float
    """The share of right rows."""


def bins(
    confidence: npt.NDArray[np.floating], right: RowMask, *, count: int = CALIBRATION_BINS
) -> list[Bin]:
    """Divide predictions into bins of equal size, by rising confidence.

    With bins of equal size ("adaptive", Nguyen and O'Connor 2015; Nixon et al. 2019) no bin is
    nearly empty. With bins of equal width, most rows of a good network would lie in the last.

    Args:
        confidence: float (n,), 0-1.
        right: bool (n,), True for a right prediction.
        count: largest number of bins.

    Returns:
        The bins that are not empty; their sizes differ by one at most.

    >>> bins(np.array([0.9, 0.5]), np.array([True, False]), count=1)
    [Bin(count=2, confidence=0.7, accuracy=0.5)]
    """
    return [
        Bin(
            count=len(part),
            confidence=float(confidence[part].mean()),
            accuracy=float(right[part].mean()),
        )
        for part in np.array_split(np.argsort(confidence, kind="stable"), count)
        if len(part)
    ]


def calibration_error(parts: list[Bin]) -> float:
    """Return sum over bins of (rows in it / rows) * |accuracy - confidence|, 0-1.

    The expected calibration error (Naeini et al. 2015; Guo et al. 2017). With few rows it is
    high by chance alone. Without any bin it is 0.

    >>> calibration_error([Bin(count=4, confidence=0.75, accuracy=0.5)])
    0.25
    """
    rows = sum(part.count for part in parts)
    gaps = sum(part.count * abs(part.accuracy - part.confidence) for part in parts)
    return gaps / max(1, rows)


def log_loss(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> float:
    """Return the mean negative log-likelihood, -1/n * sum of ln p(y), in nats; 0 is best.

    Args:
        probabilities: float (n, classes); rows sum to 1.
        labels: int (n,), the index of the right class.

    >>> log_loss(np.eye(12)[:3], np.arange(3)) == 0
    True
    """
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def brier(probabilities: ShareArray, labels: npt.NDArray[np.integer]) -> float:
    """Return 1/n * sum over rows and classes of (p(class) - [class = y])^2, 0-2; 0 is best.

    Brier 1950, "Verification of forecasts expressed in terms of probability".

    Args:
        probabilities: float64 (n, classes); rows sum to 1.
        labels: int (n,), the index of the right class.
    """
    errors = probabilities - np.eye(probabilities.shape[1])[labels]
    return float(np.square(errors).sum(axis=1).mean())


def digit_probabilities(answers: Answers) -> ShareArray:
    """Return the probability of each digit by each row, given that the picture shows one digit.

    A row has the probabilities of its prediction and its runner-up; the other digits share the
    rest equally. A row whose prediction is missing or a longer number gives each digit the same
    probability, unless its runner-up is a digit. Without both, the row costs ln 10 = 2.303 of
    likelihood and a Brier score of 0.9: more than any hesitation, less than a confident mistake.

    Args:
        answers: rows whose labels have one digit.

    Returns:
        float64 (n, 10), each row summing to 1.
    """
    rows, columns = np.arange(len(answers))[:, None], np.arange(10).astype(str)[None, :]
    first = columns == answers.prediction[:, None]
    second = columns == answers.runner_up[:, None]
    confidence, next_confidence = answers.confidence[rows], answers.runner_up_confidence[rows]
    rest = np.clip(1 - confidence - next_confidence, 0, 1)
    share = rest / np.maximum(1, 10 - (first | second).sum(axis=1, keepdims=True))
    found = np.where(first, confidence, np.where(second, next_confidence, share))
    # Rounded confidences may sum to a little more than 1.
    found = np.maximum(found, FLOOR)
    return np.asarray(found / found.sum(axis=1, keepdims=True), np.float64)
