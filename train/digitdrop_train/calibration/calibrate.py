"""Temperature and thresholds of a network, chosen on the calibration set.

In this order: the temperature; the thresholds of a rejection; slope and offset of the
confidence; the least support; the threshold of `ok`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from digitdrop.errors import SetupError
from digitdrop.evaluation.calibration import bins, calibration_error, log_loss
from digitdrop.inference.augmentation import Network
from digitdrop.inference.decision import CHANCE_LEVEL
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Thresholds
from digitdrop_train.calibration.evaluate import (
    confidences,
    predictions,
)
from digitdrop_train.calibration.posterior import (
    CalibrationData,
    answer_samples,
    fit_platt_scale,
    fit_temperature,
)
from digitdrop_train.calibration.samples import Sample

ERROR_BUDGET = 0.003
"""Largest share of the `ok` digits that may be wrong. Gives way to `LEAST_OK`."""
OTHERS_BUDGET = 0.02
"""Largest share of the other pictures that may be `ok`. Gives way to `LEAST_OK`."""
LEAST_OK = 0.95
"""Least share of the digits with a prediction that is `ok`."""
LOWEST_OK_THRESHOLD, HIGHEST_OK_THRESHOLD = 0.5, 0.99
WRONGLY_REJECTED = 0.001
"""Share of the rightly read digits that may be rejected as no digit, and again as several. A
person looks at an `uncertain` picture; a rejected digit has lost its answer."""
LACKING_SUPPORT = 0.005
"""Share of the `ok` and right digits that may lose confidence for lack of support."""
LEAST_REJECTION = 0.5
"""A rejection must be likelier than not."""
GREATEST_REJECTION = 1 - CHANCE_LEVEL
"""Above this, no digit is likelier than chance, and the worker rejects without a threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The chosen thresholds, and their figures on the calibration set."""

    thresholds: Thresholds
    digits: int
    """Pictures of one digit, half of them plain frames; the shares below are of these."""
    accuracy: float
    ok_share: float
    ok_wrong: float
    """Share of the `ok` digits that is wrong."""
    error: float
    """Expected calibration error of the confidence, over digits with a prediction."""
    negative_log_likelihood: float
    """Over 12 classes and all pictures, in nats."""
    others: int
    """Other pictures: letters, scribbles, numbers, empty paper."""
    others_ok: float
    """Share of the other pictures that is read as an `ok` digit."""

    def __str__(self) -> str:
        """Return the shares in one line."""
        return (
            f"{self.accuracy:.2%} of the digits right, {self.ok_share:.2%} ok and "
            f"{self.ok_wrong:.2%} of those wrong; {self.others_ok:.2%} of other pictures ok"
        )


def calibrate(network: Network, samples: Sequence[Sample]) -> Calibration:
    """Choose temperature and thresholds.

    Args:
        network: as exported, with a temperature of 1.
        samples: the calibration set. Pictures without a candidate frame are left out: they are
            `blank` whatever is chosen here.

    Raises:
        SetupError: the network reads no digit right.
    """
    readable = [sample for sample in samples if sample.candidates.frames]
    temperature = fit_temperature(readable, network)
    answers = answer_samples(readable, network, temperature)
    if not (answers.posterior[:, :10].argmax(axis=1) == answers.labels).any():
        raise SetupError(
            "the network recognises none of the pictures held out: train for more epochs"
        )
    return _summed_up(_thresholds(temperature, answers), answers)


def _thresholds(temperature: float, answers: CalibrationData) -> Thresholds:
    digits = answers[answers.labels < NOT_A_DIGIT]
    others = answers[answers.labels >= NOT_A_DIGIT]
    chosen = _rejections(temperature, digits)
    predicted = predictions(digits.posterior, chosen)
    read, right = predicted >= 0, predicted == digits.labels
    slope, offset = fit_platt_scale(digits.posterior[read, :10].max(axis=1), right[read])
    chosen = replace(chosen, slope=round(slope, 4), offset=round(offset, 4))
    sure = _digit_confidence(digits, chosen)
    passed = right & (sure >= _ok(sure[read], right[read], _digit_confidence(others, chosen)))
    least = float(np.quantile(digits.support[passed], LACKING_SUPPORT)) if passed.any() else 0.0
    chosen = replace(chosen, evidence=round(least, 4))
    sure = _digit_confidence(digits, chosen)
    ok = _ok(sure[read], right[read], _digit_confidence(others, chosen))
    return replace(chosen, ok=math.floor(ok * 1e6) / 1e6)  # rounded up, it would exclude a picture


def _rejections(temperature: float, digits: CalibrationData) -> Thresholds:
    """Choose the thresholds of a rejection, so that few rightly read digits are rejected."""
    rightly = digits.posterior[digits.posterior[:, :10].argmax(axis=1) == digits.labels]
    not_a_digit, several = (
        np.clip(
            np.quantile(rightly[:, kind], 1 - WRONGLY_REJECTED),
            LEAST_REJECTION,
            GREATEST_REJECTION,
        )
        for kind in (NOT_A_DIGIT, SEVERAL)
    )
    return Thresholds(
        temperature=round(temperature, 4),
        ok=0.0,
        not_a_digit=round(float(not_a_digit), 4),
        several=round(float(several), 4),
    )


def _digit_confidence(answers: CalibrationData, thresholds: Thresholds) -> npt.NDArray[np.float64]:
    """Return the confidence in the digit of each picture, 0 for a rejected picture."""
    sure = confidences(answers.posterior, answers.support, thresholds)
    return np.where(predictions(answers.posterior, thresholds) >= 0, sure, 0.0)


def _ok(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    others: npt.NDArray[np.float64],
) -> float:
    """Return the least confidence that keeps both budgets, or lower to keep `LEAST_OK`.

    Args:
        confidence: of digits with a prediction.
        right: True where the prediction is the label.
        others: confidence in a digit, of other pictures.
    """
    if not len(confidence):
        return HIGHEST_OK_THRESHOLD  # the network reads no digit: believe none
    order = np.argsort(-confidence)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    ends_tie = np.append(np.diff(confidence[order]) < 0, True)  # equal confidences go together
    within = np.flatnonzero((wrong <= ERROR_BUDGET) & ends_tie)
    most = np.quantile(others, 1 - OTHERS_BUDGET, method="higher") if len(others) else 0.0
    kept = min(within[-1] + 1 if within.size else 0, int((confidence > most).sum()))
    kept = max(kept, int(np.ceil(LEAST_OK * len(order))))
    return float(np.clip(confidence[order[kept - 1]], LOWEST_OK_THRESHOLD, HIGHEST_OK_THRESHOLD))


def _summed_up(thresholds: Thresholds, answers: CalibrationData) -> Calibration:
    labels = answers.labels
    confidence = confidences(answers.posterior, answers.support, thresholds)
    predicted = predictions(answers.posterior, thresholds)
    read, right = predicted >= 0, predicted == labels
    ok = read & (confidence >= thresholds.ok)
    digits = labels < NOT_A_DIGIT
    return Calibration(
        thresholds=thresholds,
        digits=int(digits.sum()),
        accuracy=float(right[digits].mean()),
        ok_share=float(ok[digits].mean()),
        ok_wrong=float((~right)[digits & ok].mean()) if (digits & ok).any() else 0.0,
        error=calibration_error(bins(confidence[digits & read], right[digits & read])),
        negative_log_likelihood=log_loss(answers.posterior, labels),
        others=int((~digits).sum()),
        others_ok=float(ok[~digits].mean()) if (~digits).any() else 0.0,
    )
