"""Compute figures of answers: accuracy, statuses, confusion, risk and coverage.

All follow from the columns of a report and the labels, so any report can be measured.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.answers import Answers, ShareArray
from digitdrop.evaluation.calibration import (
    bins,
    brier,
    calibration_error,
    digit_probabilities,
    log_loss,
)
from digitdrop.values import READ


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitFigures:
    """Figures of rows with labels; shares are 0-1."""

    count: int
    right: int
    accuracy: float
    """right / count; a row without a prediction is not right."""
    ok: int
    ok_share: float
    """ok / count."""
    ok_right: int
    ok_accuracy: float | None
    """ok_right / ok; None if no row is `ok`."""
    calibration_error: float | None
    """See `calibration_error`; None if no row has a prediction."""
    negative_log_likelihood: float
    """See `log_loss`, of `digit_probabilities`."""
    brier: float
    """See `brier`, of `digit_probabilities`."""
    statuses: dict[str, int]
    """Number of rows by status; each status that a reading may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFigures:
    """Figures of pictures that show no single digit: every `ok` is a mistake."""

    count: int
    ok: int
    ok_share: float
    statuses: dict[str, int]


def digit_figures(answers: Answers) -> DigitFigures:
    """Return the figures of rows with labels; at least one."""
    right, ok, predicted = answers.right, answers.ok, answers.predicted
    parts = bins(answers.confidence[predicted], right[predicted])
    probabilities = digit_probabilities(answers)
    return DigitFigures(
        count=len(answers),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        ok=int(ok.sum()),
        ok_share=float(ok.mean()),
        ok_right=int(right[ok].sum()),
        ok_accuracy=float(right[ok].mean()) if ok.any() else None,
        calibration_error=calibration_error(parts) if parts else None,
        negative_log_likelihood=log_loss(probabilities, answers.label),
        brier=brier(probabilities, answers.label),
        statuses=_statuses(answers),
    )


def other_figures(answers: Answers) -> OtherFigures:
    """Return the figures of pictures that show no single digit; at least one row."""
    return OtherFigures(
        count=len(answers),
        ok=int(answers.ok.sum()),
        ok_share=float(answers.ok.mean()),
        statuses=_statuses(answers),
    )


def _statuses(answers: Answers) -> dict[str, int]:
    found = Counter(answers.status.tolist())
    return {status.value: found[status.value] for status in READ}


def confusion(answers: Answers) -> npt.NDArray[np.int64]:
    """Count rows by label and prediction: int64 (10, 11).

    The last column has the rows without a prediction.
    """
    counts = np.zeros((10, 11), np.int64)
    predictions = np.where(answers.predicted, answers.prediction, 10)
    np.add.at(counts, (answers.label, predictions), 1)
    return counts


def risk_coverage(answers: Answers) -> tuple[ShareArray, ShareArray]:
    """Return the share of mistakes among the rows above each confidence.

    El-Yaniv and Wiener 2010. Each confidence that occurs is one point, since rows of equal
    confidence can only be accepted together. A row without a prediction is never accepted.

    Returns:
        coverage: rising, the share of all rows that is accepted.
        risk: the share of the accepted rows that is wrong.
    """
    confidence = answers.confidence[answers.predicted]
    wrong = ~answers.right[answers.predicted]
    order = np.argsort(-confidence, kind="stable")
    accepted = np.arange(1, len(order) + 1)
    risk = np.cumsum(wrong[order]) / accepted
    last = np.append(np.diff(confidence[order]) != 0, True)[: len(order)]
    return accepted[last] / max(1, len(answers)), risk[last]


def auroc(digits: Answers, others: Answers) -> float:
    """Return how well the confidence separates digits from other pictures; 0.5 is chance.

    The area under the ROC curve: the probability that a digit has a higher confidence than
    another picture, where equal ones count half (Hanley and McNeil 1982). A row without a
    prediction has confidence 0.

    Args:
        digits: rows of pictures of one digit, right or wrong; at least one.
        others: rows of pictures that show no single digit; at least one.
    """
    ours, theirs = np.sort(digits.confidence), np.sort(others.confidence)
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).sum() / (2 * len(ours) * len(theirs)))
