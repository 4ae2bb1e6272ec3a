"""How far to believe the network: chosen on held-out pictures that took the worker's whole way.

First the temperature, then what counts as no digit, then what a probability and what the
picture itself speaks for are worth as a confidence, last from which one on a reading is `ok`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from train.evaluate import (
    Beliefs,
    calibration_error,
    confidences,
    negative_log_likelihood,
    predictions,
    softmax,
)
from train.exam import Question
from train.scale import scale
from worker.judge import blended, evidence
from worker.values import NOT_A_DIGIT, SEVERAL, Frame, Probabilities, Thresholds

ERROR_BUDGET = 0.003
"""At most this share of the `ok` digits may be wrong ..."""
LEAST_OK = 0.95
"""... while at least this share of the digits that have a reading stays `ok`."""
HIGHEST_OK = 0.99
LOST = 0.001
"""At most this share of the digits read rightly may be rejected as no digit, and as several.
Somebody looks at what is `uncertain`; what is rejected by mistake has lost its answer."""
DOUBTED = 0.005
"""At most this share of the digits that are `ok` and right may be doubted for want of evidence."""
LEAST_REJECTION = 0.5
"""A rejection must be likelier than not."""


class Answerer(Protocol):
    """What answers for frames: `worker.classify.Classifier`, or a test's stand-in."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        """Return one row per frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was chosen, and what it does to the held-out pictures."""

    thresholds: Thresholds
    digits: int
    """Pictures of one digit, half of them plain frames; the shares below refer to these."""
    accuracy: float
    ok_share: float
    ok_wrong: float
    """The share of the `ok` digits that are wrong."""
    error: float
    """Expected calibration error of the confidence, over digits with a prediction."""
    negative_log_likelihood: float
    others: int
    """Pictures of something else: letters, scribbles, numbers, empty paper."""
    others_ok: float
    """The share of those that pass as an `ok` digit."""

    def __str__(self) -> str:
        """Sum it up for a person."""
        return (
            f"{self.accuracy:.2%} of the digits right, {self.ok_share:.2%} ok and "
            f"{self.ok_wrong:.2%} of those wrong; {self.others_ok:.2%} of other things ok"
        )


def calibrate(classifier: Answerer, asked: Sequence[Question]) -> Calibration:
    """Choose temperature and thresholds.

    Args:
        classifier: the exported network, with a temperature of 1.
        asked: held-out pictures; those in which nothing was found are left out,
            because they end as `blank` whatever is chosen here.
    """
    seen = [question for question in asked if question.sight.frames]
    labels = np.array([question.label for question in seen])
    frames = [frame for question in seen for frame in question.sight.frames]
    logs = np.log(np.maximum(classifier.probabilities(frames), 1e-30))
    temperature = _temperature(seen, logs, labels)
    believed = _believed(seen, logs, temperature, labels)
    thresholds = _thresholds(temperature, believed[labels < NOT_A_DIGIT])
    return _described(thresholds, believed)


@dataclass(frozen=True, slots=True)
class _Believed:
    """What is believed of pictures, beside what they show."""

    beliefs: Beliefs
    evidence: npt.NDArray[np.float64]
    """For the likeliest digit of each, see `judge.evidence`."""
    labels: npt.NDArray[np.intp]

    def __getitem__(self, which: npt.NDArray[np.bool_]) -> _Believed:
        return _Believed(self.beliefs[which], self.evidence[which], self.labels[which])


def _believed(
    seen: Sequence[Question],
    logs: npt.NDArray[np.float32],
    temperature: float,
    labels: npt.NDArray[np.intp],
) -> _Believed:
    beliefs = _beliefs(seen, logs, temperature)
    likeliest = beliefs[:, :10].argmax(axis=1).tolist()
    readings = zip(_readings(seen, logs, temperature), likeliest, strict=True)
    spoken_for = [evidence(trust, rows, digit) for (trust, rows), digit in readings]
    return _Believed(beliefs, np.array(spoken_for), labels)


def _beliefs(
    seen: Sequence[Question], logs: npt.NDArray[np.float32], temperature: float
) -> Beliefs:
    return np.stack([blended(trust, rows) for trust, rows in _readings(seen, logs, temperature)])


def _readings(
    seen: Sequence[Question], logs: npt.NDArray[np.float32], temperature: float
) -> Iterator[tuple[npt.NDArray[np.float64], Probabilities]]:
    """Yield the trust in the readings of each picture, and what the network says of them."""
    # Logarithms of probabilities differ from logits by a constant per row, so they will do.
    answers = softmax(logs, temperature)
    ends = np.cumsum([len(question.sight.frames) for question in seen])
    for question, end in zip(seen, ends, strict=True):
        trust = np.array(question.sight.trust)
        yield trust, answers[end - len(trust) : end]


def _temperature(
    seen: Sequence[Question], logs: npt.NDArray[np.float32], labels: npt.NDArray[np.intp]
) -> float:
    """Minimise the negative log-likelihood of the digits (Guo et al. 2017) over a fine grid.

    Only over those that get a prediction: where `glyph` found the wrong ink, the
    network is right to see no digit, and no temperature mends that.
    """
    first = _beliefs(seen, logs, 1.0)
    read = (labels < NOT_A_DIGIT) & (first[:, :10].sum(axis=1) > 0.5)
    chosen = [question for question, each in zip(seen, read, strict=True) if each]
    frames = np.repeat(read, [len(question.sight.frames) for question in seen])
    grid = np.exp(np.linspace(np.log(0.5), np.log(4), 43))
    losses = [
        negative_log_likelihood(_beliefs(chosen, logs[frames], temperature), labels[read])
        for temperature in grid
    ]
    return float(grid[int(np.argmin(losses))])


def _thresholds(temperature: float, digits: _Believed) -> Thresholds:
    beliefs, labels = digits.beliefs, digits.labels
    readable = beliefs[beliefs[:, :10].argmax(axis=1) == labels]
    not_a_digit, several = (
        float(np.clip(np.quantile(readable[:, kind], 1 - LOST), LEAST_REJECTION, 0.95))
        for kind in (NOT_A_DIGIT, SEVERAL)
    )
    chosen = Thresholds(
        temperature=round(temperature, 4),
        ok=0.0,
        not_a_digit=round(not_a_digit, 4),
        several=round(several, 4),
    )
    said = predictions(beliefs, chosen)
    read, right = said >= 0, said == labels
    slope, offset = scale(beliefs[read, :10].max(axis=1), right[read])
    chosen = replace(chosen, slope=round(slope, 4), offset=round(offset, 4))
    sure = confidences(beliefs, digits.evidence, chosen)
    clear = right & (sure >= _ok(sure[read], right[read]))
    least = float(np.quantile(digits.evidence[clear], DOUBTED)) if clear.any() else 0.0
    chosen = replace(chosen, evidence=round(least, 4))
    ok = _ok(confidences(beliefs, digits.evidence, chosen)[read], right[read])
    return replace(chosen, ok=round(ok, 4))


def _ok(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """Return the least confidence above which the error budget is kept, 0.5 at least."""
    if not len(confidence):
        return HIGHEST_OK  # a network that recognises nothing is to be believed in nothing
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(wrong <= ERROR_BUDGET)
    kept = max(within[-1] + 1 if within.size else 0, int(np.ceil(LEAST_OK * len(order))))
    return float(np.clip(confidence[order[kept - 1]], 0.5, HIGHEST_OK))


def _described(thresholds: Thresholds, believed: _Believed) -> Calibration:
    beliefs, labels = believed.beliefs, believed.labels
    confidence = confidences(beliefs, believed.evidence, thresholds)
    said = predictions(beliefs, thresholds)
    read = said >= 0
    ok = read & (confidence >= thresholds.ok)
    right = said == labels
    digits = labels < NOT_A_DIGIT
    return Calibration(
        thresholds=thresholds,
        digits=int(digits.sum()),
        accuracy=float(right[digits].mean()),
        ok_share=float(ok[digits].mean()),
        ok_wrong=float((~right)[digits & ok].mean()) if (digits & ok).any() else 0.0,
        error=calibration_error(confidence[digits & read], right[digits & read]),
        negative_log_likelihood=negative_log_likelihood(beliefs, labels),
        others=int((~digits).sum()),
        others_ok=float(ok[~digits].mean()) if (~digits).any() else 0.0,
    )
