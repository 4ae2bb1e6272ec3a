"""Strips -> the whole numbers that they may show; LiteRT runs the second network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from digitdrop.errors import ModelError
from digitdrop.files.regular import open_regular
from digitdrop.inference.alphabet import spelled, whole_number
from digitdrop.inference.beam import SignProbabilities, likeliest, places
from digitdrop.preprocess.strip import HEIGHT
from digitdrop.system.streams import silenced
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
        """Wrap the bytes of a LiteRT model; `load` reads and checks them first."""
        self.name = name
        self.thresholds = thresholds
        self._model = model
        self._threads = threads
        self._prepared: dict[int, Interpreter] = {}

    def __reduce__(
        self,
    ) -> tuple[Callable[..., NumberReader], tuple[bytes, str, NumberThresholds]]:
        """Let another process have a copy, which uses one thread."""
        return _copied, (self._model, self.name, self.thresholds)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Load `numbers.tflite` and its card `numbers.json` from a folder.

        Raises:
            ModelError: one of the two is missing or damaged, or the model is not the one that
                its card describes.
        """
        card_path, model_path = folder / "numbers.json", folder / "numbers.tflite"
        try:
            card, model = json.loads(_content(card_path)), _content(model_path)
            thresholds = NumberThresholds(**card["thresholds"])
            expected = card["sha256"]
        except FileNotFoundError as error:
            raise ModelError(
                f"no model at {error.filename}: expected numbers.tflite and numbers.json; "
                "get them with `digitdrop train --only numbers`, or name their folder with --model"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            detail = error.strerror if isinstance(error, OSError) else repr(error)
            raise ModelError(
                f"cannot use the model in {folder}: {detail}; name a folder with --model that "
                "holds numbers.tflite and its card numbers.json"
            ) from error
        found = hashlib.sha256(model).hexdigest()
        if found != expected:
            raise ModelError(
                f"{model_path} has SHA-256 {found[:8]}..., but its card {card_path.name} says "
                f"{str(expected)[:8]}...: put back the pair that belongs together"
            )
        return cls(model, name=f"numbers-{found[:8]}", thresholds=thresholds, threads=threads)

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
        interpreter = self._prepared.get(pixels.shape[1]) or self._prepare(pixels.shape[1])
        signature = interpreter.get_input_details()[0]
        interpreter.set_tensor(signature["index"], pixels[None, ..., None])
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise MemoryError(f"LiteRT: {error}") from error  # the model has been allocated
        logits: npt.NDArray[np.float32] = interpreter.get_tensor(
            interpreter.get_output_details()[0]["index"]
        )[0]
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits

    def _prepare(self, width: int) -> Interpreter:
        """Prepare the runtime for strips of one width: to resize it each time costs more."""
        try:
            with silenced():
                interpreter = Interpreter(model_content=self._model, num_threads=self._threads)
                index = interpreter.get_input_details()[0]["index"]
                interpreter.resize_tensor_input(index, (1, HEIGHT, width, 1))
                interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            if self._prepared:  # with the same model
                raise MemoryError(f"LiteRT: {error}") from error
            raise ModelError(f"LiteRT cannot load the model {self.name}: {error}") from error
        self._prepared[width] = interpreter
        return interpreter


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


def _content(path: Path) -> bytes:
    with open_regular(path, links=True) as file:
        return file.read()


def _copied(model: bytes, name: str, thresholds: NumberThresholds) -> NumberReader:
    return NumberReader(model, name=name, thresholds=thresholds)
