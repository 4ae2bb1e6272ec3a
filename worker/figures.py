"""How good answers are: figures made of the columns of a report and what is right.

Everything here follows from what a row says (prediction, confidence, runner-up
and its confidence, status), so the same figures can be made of any report.
`n` is the number of rows, `y` what is right, `p` a probability.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.values import READ, Status

NONE: Final = -1
"""Stands where there is no digit: no label, no prediction, no runner-up."""
BINS: Final = 15
"""Bins of a calibration error; the usual number since Guo et al. 2017."""
FLOOR: Final = 1e-6
"""No row says less of any digit, so that one confident mistake cannot cost without end."""

Digits = npt.NDArray[np.int64]
"""Shape (n,): 0-9, or `NONE`."""
Shares = npt.NDArray[np.float64]
"""Shape (n,): each 0-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rows of a report in columns of equal length, beside what is right."""

    label: Digits
    """What the picture shows."""
    prediction: Digits
    confidence: Shares
    """0 for a row without a prediction."""
    runner_up: Digits
    runner_up_confidence: Shares
    """0 for a row without a runner-up."""
    status: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.label)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Where the prediction is the label; the best guess counts whatever its status."""
        return np.asarray(self.told & (self.prediction == self.label), np.bool_)

    @property
    def told(self) -> npt.NDArray[np.bool_]:
        """Where there is a prediction."""
        return np.not_equal(self.prediction, NONE)

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Where the status is `ok`."""
        return np.equal(self.status, Status.OK.value)


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
    negative_log_likelihood: float
    brier: float
    statuses: dict[str, int]
    """Rows by status, each that a reading may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What rows of pictures without a single digit say: every `ok` is a mistake."""

    count: int
    ok: int
    ok_share: float
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of about the same confidence."""

    count: int
    confidence: float
    """Their mean confidence."""
    accuracy: float
    """The share of them that is right."""


def figures(answers: Answers) -> Figures:
    """Sum up rows with labels; at least one."""
    right, ok = answers.right, answers.ok
    told = bool(answers.told.any())
    return Figures(
        count=len(answers),
        right=int(right.sum()),
        accuracy=float(right.mean()),
        ok=int(ok.sum()),
        ok_share=float(ok.mean()),
        ok_right=int(right[ok].sum()),
        ok_accuracy=float(right[ok].mean()) if ok.any() else None,
        calibration_error=calibration_error(bins(answers)) if told else None,
        negative_log_likelihood=negative_log_likelihood(answers),
        brier=brier(answers),
        statuses=statuses(answers),
    )


def others(answers: Answers) -> Others:
    """Sum up rows of pictures that show no single digit; at least one."""
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


def digit_probabilities(answers: Answers) -> npt.NDArray[np.float64]:
    """Return what each row says of each digit, given that the picture shows one.

    A row names two probabilities; what they leave to 1 is shared equally by the
    other digits. A row without a prediction says nothing of any digit: 0.1 each,
    so it costs ln 10 = 2.303 of likelihood and a Brier score of 0.9, more than
    any hesitation and less than a confident mistake.

    Returns:
        float64 (n, 10), each row summing to 1.
    """
    rows, columns = np.arange(len(answers))[:, None], np.arange(10)[None, :]
    first = columns == answers.prediction[:, None]
    second = columns == answers.runner_up[:, None]
    sure, next_sure = answers.confidence[rows], answers.runner_up_confidence[rows]
    left = np.clip(1 - sure - next_sure, 0, 1)
    others_share = left / np.maximum(1, 10 - (first | second).sum(axis=1, keepdims=True))
    said = np.where(first, sure, np.where(second, next_sure, others_share))
    # Confidences may have been rounded so that they sum to a little more than 1.
    said = np.maximum(said, FLOOR) / np.maximum(said, FLOOR).sum(axis=1, keepdims=True)
    return np.where(answers.told[:, None], said, 0.1)


def negative_log_likelihood(answers: Answers) -> float:
    """Return -1/n * sum of ln p(y), natural logarithm; 0 is best."""
    true = digit_probabilities(answers)[np.arange(len(answers)), answers.label]
    return float(-np.log(true).mean())


def brier(answers: Answers) -> float:
    """Return 1/n * sum over rows and digits of (p(digit) - [digit = y])^2, 0-2; 0 is best.

    Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    errors = digit_probabilities(answers) - np.eye(10)[answers.label]
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


def confusion(answers: Answers) -> npt.NDArray[np.int64]:
    """Count rows with labels: int64 (10, 11), rows by label, columns by prediction.

    The last column counts those without a prediction.
    """
    counts = np.zeros((10, 11), np.int64)
    said = np.where(answers.told, answers.prediction, 10)
    np.add.at(counts, (answers.label, said), 1)
    return counts


def risk_coverage(answers: Answers) -> tuple[Shares, Shares]:
    """Tell how many mistakes remain when only the most confident rows are believed.

    El-Yaniv and Wiener 2010. One point for each confidence that occurs, since
    rows of equal confidence can only be believed together; a row without a
    prediction is never covered.

    Returns:
        coverage, rising: believed rows / n, for each threshold on the confidence;
        risk: the share of the believed rows that is wrong.
    """
    confidence, wrong = answers.confidence[answers.told], ~answers.right[answers.told]
    order = np.argsort(-confidence, kind="stable")
    believed = np.arange(1, len(order) + 1)
    risk = np.cumsum(wrong[order]) / believed
    last = np.append(np.diff(confidence[order]) != 0, True)[: len(order)]
    return believed[last] / max(1, len(answers)), risk[last]


def auroc(digits: Answers, nothing: Answers) -> float:
    """Return how well the confidence tells digits from other pictures; 0.5 is chance.

    The area under the ROC curve: the probability that a digit has a higher
    confidence than a picture of something else, equal ones counting half (Hanley
    and McNeil 1982). A row without a prediction has confidence 0.

    Args:
        digits: rows of pictures of one digit, right or wrong; at least one.
        nothing: rows of pictures that show no single digit; at least one.
    """
    ours, theirs = np.sort(digits.confidence), np.sort(nothing.confidence)
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).sum() / (2 * len(ours) * len(theirs)))
