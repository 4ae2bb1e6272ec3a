"""Compute figures of answers: accuracy, statuses, confusion, risk and coverage, edits.

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
class NumberFigures:
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
    edits_per_digit: float
    """See `edits_per_digit`."""
    negative_log_likelihood: float | None
    """See `log_loss`, of `digit_probabilities`; None if no label has one digit."""
    brier: float | None
    """See `brier`, of `digit_probabilities`; None if no label has one digit."""
    statuses: dict[str, int]
    """Number of rows by status; each status that a reading may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFigures:
    """Figures of pictures that show no single number: every `ok` is a mistake."""

    count: int
    ok: int
    ok_share: float
    statuses: dict[str, int]


def number_figures(answers: Answers) -> NumberFigures:
    """Return the figures of rows with labels; at least one."""
    right, ok, predicted = answers.right, answers.ok, answers.predicted
    parts = bins(answers.confidence[predicted], right[predicted])
    digits = answers.where(answers.lengths == 1)
    probabilities, labels = digit_probabilities(digits), digits.label.astype(int)
    return NumberFigures(
        count=len(answers),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        ok=int(ok.sum()),
        ok_share=float(ok.mean()),
        ok_right=int(right[ok].sum()),
        ok_accuracy=float(right[ok].mean()) if ok.any() else None,
        calibration_error=calibration_error(parts) if parts else None,
        edits_per_digit=edits_per_digit(answers),
        negative_log_likelihood=log_loss(probabilities, labels) if len(digits) else None,
        brier=brier(probabilities, labels) if len(digits) else None,
        statuses=_statuses(answers),
    )


def other_figures(answers: Answers) -> OtherFigures:
    """Return the figures of pictures that show no single number; at least one row."""
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

    The last column has the rows whose prediction is missing or a longer number.

    Args:
        answers: rows whose labels have one digit.
    """
    counts = np.zeros((10, 11), np.int64)
    is_digit = np.strings.str_len(answers.prediction) == 1
    predictions = np.where(is_digit, answers.prediction, "10").astype(int)
    np.add.at(counts, (answers.label.astype(int), predictions), 1)
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


def auroc(numbers: Answers, others: Answers) -> float:
    """Return how well the confidence separates numbers from other pictures; 0.5 is chance.

    The area under the ROC curve: the probability that a number has a higher confidence than
    another picture, where equal ones count half (Hanley and McNeil 1982). A row without a
    prediction has confidence 0.

    Args:
        numbers: rows of pictures of one number, right or wrong; at least one.
        others: rows of pictures that show no single number; at least one.
    """
    ours, theirs = np.sort(numbers.confidence), np.sort(others.confidence)
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).sum() / (2 * len(ours) * len(theirs)))


def edit_distance(first: str, second: str) -> int:
    """Return the number of digits to insert, delete or replace to turn one number into another.

    Levenshtein 1966, "Binary codes capable of correcting deletions, insertions and reversals".

    >>> edit_distance("0042", "42"), edit_distance("1750", "1150"), edit_distance("727", "")
    (2, 1, 3)
    """
    row = list(range(len(second) + 1))
    for number, digit in enumerate(first, start=1):
        corner, row[0] = row[0], number
        for place, other in enumerate(second, start=1):
            replaced = corner + (digit != other)
            corner, row[place] = row[place], min(replaced, row[place] + 1, row[place - 1] + 1)
    return row[-1]


def edits_per_digit(answers: Answers) -> float:
    """Return the edit distances of all rows over the digits of all labels; 0 is best.

    A row without a prediction lacks every digit of its label. Predictions that are longer than
    their labels may bring the figure above 1.

    Args:
        answers: rows with labels; at least one.
    """
    pairs = zip(answers.label.tolist(), answers.prediction.tolist(), strict=True)
    edits = sum(edit_distance(label, prediction) for label, prediction in pairs)
    return edits / int(answers.lengths.sum())
