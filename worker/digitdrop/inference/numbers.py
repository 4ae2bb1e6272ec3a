"""Strips -> the whole numbers that they may show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.inference.alphabet import spelled, whole_number
from digitdrop.inference.beam import SignProbabilities, likeliest, places
from digitdrop.inference.litert import LiteRTModel, read_model
from digitdrop.preprocess.strip import HEIGHT, WIDTHS
from digitdrop.values import NumberThresholds, Strip, StripPixels

CONFIDENT_STRING = 0.95
"""Strings of at least this probability get no test-time augmentation."""
APART, APART_ROWS = 2.5, 15.0
"""Digits further apart than this many times the usual distance, and than this many rows (60
pixels, twice a digit's height), belong to two numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberReading:
    """The strings that a picture may show, from all of its strips together."""

    numbers: Mapping[str, float]
    """Probability of each whole number, 0-1, the likeliest first."""
    others: Mapping[str, float]
    """Probability of each string that is no whole number, written with `?` for other signs."""
    apart: bool = False
    """The digits of the likeliest string stand in two groups: they are two numbers."""

    @property
    def best(self) -> str:
        """The likeliest whole number; empty where there is none."""
        return next(iter(self.numbers), "")


class NumberReader:
    """The trained number reader with its card; made once, used by one thread."""

    def __init__(
        self, model: bytes, *, name: str, thresholds: NumberThresholds, threads: int = 1
    ) -> None:
        """Prepare a LiteRT model; `load` reads and checks its file first.

        Raises:
            ModelError: LiteRT cannot load the model.
        """
        self.name = name
        self.thresholds = thresholds
        shape = (1, HEIGHT, WIDTHS[0], 1)
        self._model = LiteRTModel(model, name=name, shape=shape, threads=threads)

    def __reduce__(
        self,
    ) -> tuple[Callable[..., NumberReader], tuple[bytes, str, NumberThresholds]]:
        """Let another process have a copy, which uses one thread."""
        return _copied, (self._model.content, self.name, self.thresholds)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Load `numbers.tflite` and its card `numbers.json` from a folder.

        Raises:
            ModelError: one of the two is missing or damaged, or the model is not the one that
                its card describes.
        """
        command = "digitdrop train --only numbers"
        model, name, thresholds = read_model(folder, "numbers", NumberThresholds, command=command)
        return cls(model, name=name, thresholds=thresholds, threads=threads)

    def read(self, strips: Sequence[Strip]) -> NumberReading:
        """Read the strips of one picture; each counts by its prior.

        Args:
            strips: at least one, as `strip.lines` gives them.
        """
        numbers: dict[str, float] = {}
        others: dict[str, float] = {}
        apart = 0.0
        for strip in strips:
            rows = self.probabilities(strip.pixels)
            found = [likeliest(rows)]
            if found[0][0][1] < CONFIDENT_STRING:
                found += [likeliest(self.probabilities(view)) for view in views(strip.pixels)]
            share = strip.prior / len(found)
            for strings in found:
                for signs, probability in strings:
                    number = whole_number(signs)
                    if number is not None:
                        numbers[number] = numbers.get(number, 0.0) + share * probability
                    else:
                        text = spelled(signs)
                        others[text] = others.get(text, 0.0) + share * probability
            apart += strip.prior * _are_apart(rows)
        return NumberReading(numbers=_sorted(numbers), others=_sorted(others), apart=apart > 0.5)

    def probabilities(self, pixels: StripPixels) -> SignProbabilities:
        """Return the probability of each sign along a strip.

        Args:
            pixels: uint8 (40, width), 0 = paper, 255 = ink.

        Returns:
            float32 (width / 4, 15), each row summing to 1.
        """
        logits: npt.NDArray[np.float32] = self._model.run(pixels[None, ..., None])[0]
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits


def views(pixels: StripPixels) -> list[StripPixels]:
    """Return further views of a strip, each of its shape: slanted, higher, lower, thicker."""
    height, width = pixels.shape
    moved = [
        np.asarray(cv2.warpAffine(pixels, _moved(slant, high, height), (width, height)), np.uint8)
        for slant, high in _WAYS
    ]
    return [*moved, np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.8), np.uint8)]


_WAYS = ((0.12, 1.0), (-0.12, 1.0), (0.0, 0.9), (0.0, 1.1))
"""Slant, and factor of the height."""


def _moved(slant: float, high: float, height: int) -> npt.NDArray[np.float64]:
    middle = (height - 1) / 2
    return np.array([[1.0, slant, -slant * middle], [0.0, high, (1 - high) * middle]])


def _are_apart(rows: SignProbabilities) -> bool:
    digits = [place for sign, place in places(rows) if sign < 10]
    if len(digits) < 2:
        return False
    gaps = np.diff(digits)
    usual = float(np.median(gaps)) if len(gaps) > 2 else float(gaps.min())
    widest = float(gaps.max())
    alone = len(gaps) == 1
    return widest > APART_ROWS * (1.5 if alone else 1) and (alone or widest > APART * usual)


def _sorted(mass: dict[str, float]) -> dict[str, float]:
    return dict(sorted(mass.items(), key=lambda item: -item[1]))


def _copied(model: bytes, name: str, thresholds: NumberThresholds) -> NumberReader:
    return NumberReader(model, name=name, thresholds=thresholds)
