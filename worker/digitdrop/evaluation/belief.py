"""Can the confidence be believed? What each row says of each digit, and how far that is off.

`n` is the number of rows, `y` what is right, `p` a probability.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.answers import Answers

BINS: Final = 15
"""Bins of a calibration error; the usual number since Guo et al. 2017."""
FLOOR: Final = 1e-6
"""No row says less of any digit, so that one confident mistake cannot cost without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of about the same confidence."""

    count: int
    confidence: float
    """Their mean confidence."""
    accuracy: float
    """The share of them that is right."""


def digit_probabilities(answers: Answers) -> npt.NDArray[np.float64]:
    """Return what each row says of each digit, given that the picture shows one.

    A row names two probabilities; what they leave to 1 is shared equally by the
    other digits. A row without a prediction, or with a longer number, says nothing of
    any digit: 0.1 each, so it costs ln 10 = 2.303 of likelihood and a Brier score of
    0.9, more than any hesitation and less than a confident mistake.

    Args:
        answers: rows whose labels have one digit.

    Returns:
        float64 (n, 10), each row summing to 1.
    """
    rows, columns = np.arange(len(answers))[:, None], np.arange(10).astype(str)[None, :]
    first = columns == answers.prediction[:, None]
    second = columns == answers.runner_up[:, None]
    sure, next_sure = answers.confidence[rows], answers.runner_up_confidence[rows]
    left = np.clip(1 - sure - next_sure, 0, 1)
    others_share = left / np.maximum(1, 10 - (first | second).sum(axis=1, keepdims=True))
    said = np.where(first, sure, np.where(second, next_sure, others_share))
    # Confidences may have been rounded so that they sum to a little more than 1.
    said = np.maximum(said, FLOOR)
    said /= said.sum(axis=1, keepdims=True)
    return said


def negative_log_likelihood(answers: Answers) -> float:
    """Return -1/n * sum of ln p(y), natural logarithm; 0 is best.

    Args:
        answers: rows whose labels have one digit; at least one.
    """
    true = digit_probabilities(answers)[np.arange(len(answers)), answers.label.astype(int)]
    return float(-np.log(true).mean())


def brier(answers: Answers) -> float:
    """Return 1/n * sum over rows and digits of (p(digit) - [digit = y])^2, 0-2; 0 is best.

    Brier 1950, "Verification of forecasts expressed in terms of probability".

    Args:
        answers: rows whose labels have one digit; at least one.
    """
    errors = digit_probabilities(answers) - np.eye(10)[answers.label.astype(int)]
    return float(np.square(errors).sum(axis=1).mean())


def bins(answers: Answers, *, count: int = BINS) -> list[Bin]:
    """Put the rows with a prediction into bins of equally many, by rising confidence.

    Bins of equal mass ("adaptive", Nguyen and O'Connor 2015; Nixon et al. 2019): of
    equal width, nearly all rows of a good network would lie in the last one.

    Returns:
        At most `count` bins, none empty; their sizes differ by one at most.
    """
    confidence, right = answers.confidence[answers.told], answers.right[answers.told]
    order = np.argsort(confidence, kind="stable")
    return [
        Bin(
            count=len(part),
            confidence=float(confidence[part].mean()),
            accuracy=float(right[part].mean()),
        )
        for part in np.array_split(order, count)
        if len(part)
    ]


def calibration_error(parts: list[Bin]) -> float:
    """Return sum over bins of (rows in it / rows) * |accuracy - confidence|, 0-1.

    The expected calibration error (Naeini et al. 2015; Guo et al. 2017). Of few
    rows it is high by chance alone.
    """
    rows = sum(part.count for part in parts)
    return sum(part.count * abs(part.accuracy - part.confidence) for part in parts) / rows
