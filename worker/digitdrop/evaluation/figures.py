"""How good answers are: figures made of the columns of a report and what is right.

Everything here follows from what a row says (prediction, confidence, runner-up
and its confidence, status), so the same figures can be made of any report.
"""

from collections import Counter
from dataclasses import dataclass

from digitdrop.evaluation.answers import Answers
from digitdrop.evaluation.belief import bins, brier, calibration_error, negative_log_likelihood
from digitdrop.evaluation.edits import edits_per_digit
from digitdrop.values import READ


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What rows with a label say."""

    count: int
    right: int
    accuracy: float
    """right / count: a row without a prediction is not right."""
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
    """Of labels of one digit; None if there are none."""
    brier: float | None
    """As the likelihood."""
    statuses: dict[str, int]
    """Rows by status, each that a reading may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What rows of pictures without a single number say: every `ok` is a mistake."""

    count: int
    ok: int
    ok_share: float
    statuses: dict[str, int]


def figures(answers: Answers) -> Figures:
    """Sum up rows with labels; at least one."""
    right, ok = answers.right, answers.ok
    told = bool(answers.told.any())
    digits = answers.where(answers.lengths == 1)
    return Figures(
        count=len(answers),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        ok=int(ok.sum()),
        ok_share=float(ok.mean()),
        ok_right=int(right[ok].sum()),
        ok_accuracy=float(right[ok].mean()) if ok.any() else None,
        calibration_error=calibration_error(bins(answers)) if told else None,
        edits_per_digit=edits_per_digit(answers),
        negative_log_likelihood=negative_log_likelihood(digits) if len(digits) else None,
        brier=brier(digits) if len(digits) else None,
        statuses=statuses(answers),
    )


def others(answers: Answers) -> Others:
    """Sum up rows of pictures that show no single number; at least one."""
    ok = answers.ok
    return Others(
        count=len(answers),
        ok=int(ok.sum()),
        ok_share=float(ok.mean()),
        statuses=statuses(answers),
    )


def statuses(answers: Answers) -> dict[str, int]:
    """Count rows by status: those that a reading may have."""
    found = Counter(str(status) for status in answers.status)
    return {status.value: found[status.value] for status in READ}
