"""How far to believe the network: chosen on held-out pictures that took the worker's whole way.

First the temperature, then what counts as no digit, then what a probability and what the
picture itself speaks for are worth as a confidence, last from which one on a reading is `ok`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from digitdrop.errors import SetupError
from digitdrop.inference.augmentation import Network
from digitdrop.inference.decision import CHANCE
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Thresholds
from digitdrop_train.calibration.evaluate import (
    calibration_error,
    confidences,
    negative_log_likelihood,
    predictions,
)
from digitdrop_train.calibration.posterior import Believed, believed, fitted_temperature
from digitdrop_train.calibration.samples import Question
from digitdrop_train.calibration.scale import scale

ERROR_BUDGET = 0.003
"""At most this share of the `ok` digits may be wrong ..."""
OTHERS_BUDGET = 0.02
"""... and at most this share of the pictures of something else `ok` ..."""
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
SUREST_REJECTION = 1 - CHANCE
"""Above that it needs no threshold: `judge` has no digit left that is likelier than chance."""


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
    """Of the 12 classes, over all pictures."""
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


def calibrate(network: Network, asked: Sequence[Question]) -> Calibration:
    """Choose temperature and thresholds.

    Args:
        network: as exported, with a temperature of 1.
        asked: held-out pictures; those in which nothing was found are left out,
            because they end as `blank` whatever is chosen here.

    Raises:
        SetupError: the network recognises no digit, so that there is nothing to choose on.
    """
    seen = [question for question in asked if question.sight.frames]
    temperature = fitted_temperature(seen, network)
    found = believed(seen, network, temperature)
    if not (found.beliefs[:, :10].argmax(axis=1) == found.labels).any():
        raise SetupError(
            "the network recognises none of the pictures held out: train for more epochs"
        )
    return _described(_thresholds(temperature, found), found)


def _thresholds(temperature: float, found: Believed) -> Thresholds:
    digits = found[found.labels < NOT_A_DIGIT]
    others = found[found.labels >= NOT_A_DIGIT]
    beliefs, labels = digits.beliefs, digits.labels
    readable = beliefs[beliefs[:, :10].argmax(axis=1) == labels]
    not_a_digit, several = (
        float(np.clip(np.quantile(readable[:, kind], 1 - LOST), LEAST_REJECTION, SUREST_REJECTION))
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
    sure = _sureness(digits, chosen)
    clear = right & (sure >= _ok(sure[read], right[read], _sureness(others, chosen)))
    least = float(np.quantile(digits.evidence[clear], DOUBTED)) if clear.any() else 0.0
    chosen = replace(chosen, evidence=round(least, 4))
    ok = _ok(_sureness(digits, chosen)[read], right[read], _sureness(others, chosen))
    return replace(chosen, ok=math.floor(ok * 1e6) / 1e6)  # not up: that one is in


def _sureness(found: Believed, thresholds: Thresholds) -> npt.NDArray[np.float64]:
    """Return the confidence in the digit of each picture, 0 where it is rejected."""
    sure = confidences(found.beliefs, found.evidence, thresholds)
    return np.where(predictions(found.beliefs, thresholds) >= 0, sure, 0.0)


def _ok(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    others: npt.NDArray[np.float64],
) -> float:
    """Return the least confidence above which both budgets are kept, or `LEAST_OK` is.

    Between 0.5 and `HIGHEST_OK`, whatever that does to them.

    Args:
        confidence: in the digits that are read.
        right: whether they are read rightly.
        others: the confidence in pictures of something else, as if they were digits.
    """
    if not len(confidence):
        return HIGHEST_OK  # a network that recognises nothing is to be believed in nothing
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    is_last = np.append(np.diff(confidence[order]) < 0, True)  # of those that are as sure
    within = np.flatnonzero((wrong <= ERROR_BUDGET) & is_last)
    most = np.quantile(others, 1 - OTHERS_BUDGET, method="higher") if len(others) else 0.0
    kept = min(within[-1] + 1 if within.size else 0, int((confidence > most).sum()))
    kept = max(kept, int(np.ceil(LEAST_OK * len(order))))
    return float(np.clip(confidence[order[kept - 1]], 0.5, HIGHEST_OK))


def _described(thresholds: Thresholds, found: Believed) -> Calibration:
    beliefs, labels = found.beliefs, found.labels
    confidence = confidences(beliefs, found.evidence, thresholds)
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
