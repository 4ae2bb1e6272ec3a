"""Choose the number reader's thresholds on held-out numbers that other code has written.

`synthesis.scenes` writes and photographs them, by none of the code that the network learned from;
beside them are the harder pictures of `strings.pictures`, and pictures of other things.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.evaluation.calibration import bins, calibration_error
from digitdrop.inference.alphabet import whole_number
from digitdrop.inference.number_decision import number_confidence
from digitdrop.inference.numbers import NumberReader
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Grey, NumberThresholds
from digitdrop_train.calibration.posterior import fit_platt_scale
from digitdrop_train.data import Dataset
from digitdrop_train.progress import track
from digitdrop_train.strings.hand import Styles
from digitdrop_train.strings.pictures import number_picture
from digitdrop_train.synthesis.scenes import nondigit, scene

NUMBER_ERROR_BUDGET = 0.01
"""Largest share of the `ok` numbers that may be wrong, on the calibration set."""
LOWEST_OK, HIGHEST_OK = 0.8, 0.99
HARDER, OTHERS = 0.35, 0.1
"""Shares of the pictures that `strings.pictures` draws, and that show no number."""
NUMBER_SLICE = 25
"""Pictures that one process makes and reads at a time."""
UNCALIBRATED_NUMBERS = NumberThresholds(ok=HIGHEST_OK)
TESTED_LENGTHS = range(2, 9)
"""Digits of the numbers: a number of one digit is the other network's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNumber:
    """The reading of one picture, with the number that it shows."""

    truth: str
    """The number that it shows; empty for other things."""
    number: str
    """The likeliest one of two digits or more; empty where there is none."""
    probability: float
    """Of `number`, 0-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCalibration:
    """The chosen thresholds, and their figures on the calibration set."""

    thresholds: NumberThresholds
    numbers: int
    """Pictures of one number of 2-8 digits; the shares below are of these."""
    exact: float
    ok_share: float
    ok_wrong: float
    """Share of all `ok` pictures, also of other things, that are wrong."""
    error: float
    """Expected calibration error of the confidence, over numbers with a prediction."""
    others: int
    others_ok: float
    """Share of the other pictures that is read as an `ok` number."""

    def __str__(self) -> str:
        """Return the shares in one line."""
        return (
            f"{self.exact:.2%} of the numbers exact, {self.ok_share:.2%} ok and "
            f"{self.ok_wrong:.2%} of those wrong; {self.others_ok:.2%} of other pictures ok"
        )


def calibrate_numbers(
    model: bytes, digits: Dataset, count: int, *, seed: int, executor: Executor
) -> NumberCalibration:
    """Choose slope, offset and the threshold of `ok`.

    Args:
        model: the exported network.
        digits: held-out digits, at least one.
        count: pictures to make.
        seed: decides all that is made.
        executor: processes that make and read the pictures.
    """
    read = read_made(model, digits, count, seed=seed, plain=False, executor=executor)
    numbers = [each for each in read if each.truth and each.number]
    probability = np.array([each.probability for each in numbers])
    right = np.array([each.number == each.truth for each in numbers], np.bool_)
    slope, offset = fit_platt_scale(probability, right)
    fitted = NumberThresholds(ok=HIGHEST_OK, slope=round(slope, 4), offset=round(offset, 4))
    every = [each for each in read if each.number]
    sure = _confidences(every, fitted)
    ok = _least_ok(sure, np.array([each.number == each.truth for each in every], np.bool_))
    thresholds = NumberThresholds(ok=ok, slope=fitted.slope, offset=fitted.offset)
    passed = sure >= ok
    shown = np.array([bool(each.truth) for each in every], np.bool_)
    wrong = np.array([each.number != each.truth for each in every], np.bool_)
    count_numbers = sum(bool(each.truth) for each in read)
    others = len(read) - count_numbers
    return NumberCalibration(
        thresholds=thresholds,
        numbers=count_numbers,
        exact=float(right.sum() / max(1, count_numbers)),
        ok_share=float((passed & shown).sum() / max(1, count_numbers)),
        ok_wrong=float((passed & wrong).sum() / max(1, passed.sum())),
        error=calibration_error(bins(_confidences(numbers, thresholds), right)),
        others=others,
        others_ok=float((passed & ~shown).sum() / max(1, others)),
    )


def score_numbers(
    model: bytes, digits: Dataset, count: int, *, seed: int, executor: Executor
) -> dict[str, dict[str, int]]:
    """Count the exact numbers by length, on made pictures of digits that were never learned."""
    read = read_made(model, digits, count, seed=seed + 1, plain=True, executor=executor)
    scores = {str(length): {"count": 0, "exact": 0} for length in TESTED_LENGTHS}
    for each in read:
        score = scores[str(len(each.truth))]
        score["count"] += 1
        score["exact"] += each.number == each.truth
    return scores


def read_made(
    model: bytes, digits: Dataset, count: int, *, seed: int, plain: bool, executor: Executor
) -> list[ReadNumber]:
    """Make pictures and read their strips.

    Args:
        model: the exported network.
        digits: written on the pictures.
        count: number of pictures.
        seed: decides all that is made.
        plain: numbers alone, by `synthesis.scenes`.
        executor: processes that make and read the pictures.
    """
    starts = range(0, count, NUMBER_SLICE)
    make = partial(_read_slice, model, _some(digits, seed), count=count, seed=seed, plain=plain)
    parts = executor.map(make, starts)
    shown = track(parts, len(starts), "reading made numbers")
    return [each for part in shown for each in part]


def _some(digits: Dataset, seed: int) -> Dataset:
    """Pick at most 4,000 digits: they travel to the processes with each slice."""
    order = np.random.default_rng(seed).permutation(len(digits))
    return digits[order[:4_000]]


def _read_slice(
    model: bytes, digits: Dataset, start: int, *, count: int, seed: int, plain: bool
) -> list[ReadNumber]:
    reader = NumberReader(model, name="numbers", thresholds=UNCALIBRATED_NUMBERS)
    rng = np.random.default_rng((seed, start))
    styles = Styles.measure(digits)
    made = []
    for _ in range(min(NUMBER_SLICE, count - start)):
        truth, picture = _number(digits, rng) if plain else _any_picture(styles, rng)
        made.append(_read(picture, truth, reader))
    return made


def _any_picture(styles: Styles, rng: Generator) -> tuple[str, Grey]:
    lot = rng.random()
    if lot < OTHERS:
        return "", nondigit(rng)
    if lot > OTHERS + HARDER:
        return _number(styles.digits, rng)
    made = number_picture(styles, rng)
    number = whole_number(tuple(sign.kind for sign in made.signs)) or ""
    return (number if len(number) in TESTED_LENGTHS else ""), made.grey


def _number(digits: Dataset, rng: Generator) -> tuple[str, Grey]:
    chosen = digits[rng.integers(len(digits), size=int(rng.choice(TESTED_LENGTHS)))]
    picture = scene(list(chosen.frames), rng)
    if rng.random() < 0.3:  # as small as table cells are scanned
        scale = rng.uniform(0.3, 0.8)
        least = 20 / min(picture.shape)
        size = [max(20, round(side * max(scale, least))) for side in picture.shape[::-1]]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return "".join(map(str, chosen.labels.tolist())), picture


def _read(picture: Grey, truth: str, reader: NumberReader) -> ReadNumber:
    strips = normalise(picture).strips
    found = reader.read(strips).numbers if strips else {}
    number, probability = next(
        ((number, p) for number, p in found.items() if len(number) in TESTED_LENGTHS), ("", 0.0)
    )
    return ReadNumber(truth=truth, number=number, probability=probability)


def _confidences(
    read: Sequence[ReadNumber], thresholds: NumberThresholds
) -> npt.NDArray[np.float64]:
    return np.array([number_confidence(each.probability, thresholds) for each in read])


def _least_ok(sure: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> float:
    """Return the least confidence that keeps the budget of wrong numbers."""
    if not len(sure):
        return HIGHEST_OK
    order = np.argsort(-sure)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(wrong <= NUMBER_ERROR_BUDGET)
    least = float(sure[order[within[-1]]]) if within.size else 1.0
    return math.floor(float(np.clip(least, LOWEST_OK, HIGHEST_OK)) * 1e6) / 1e6
