"""Frames -> probabilities, by LiteRT."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from digitdrop.errors import ModelError
from digitdrop.files.regular import open_regular
from digitdrop.inference.numbers import NumberReader
from digitdrop.system.streams import silenced
from digitdrop.values import CLASSES, Frame, Probabilities, Thresholds

SIZES = (16, 4, 1)
"""Batch sizes, largest first; each has an interpreter of its own, made at its first use.

A frame takes as long in a batch of 16 as in one of 64 or 128. But each size takes memory for
the values between layers (15 MB with 64 in the list, 7 without) and time at its first use.

To resize the input of an interpreter makes XNNPACK pack its weights again, which takes longer
than to classify the batch.
"""


class Classifier:
    """A trained network with the thresholds of its card; for one thread at a time."""

    def __init__(
        self,
        model: bytes,
        *,
        name: str,
        thresholds: Thresholds,
        threads: int = 1,
        numbers: NumberReader | None = None,
    ) -> None:
        """Prepare a LiteRT model; `load` reads and checks its file first.

        Args:
            model: bytes of the model.
            name: name of the model in the report.
            thresholds: from the card of the model.
            threads: threads that LiteRT may use.
            numbers: reads whole numbers; without it, pictures of numbers are `several`.

        Raises:
            ModelError: LiteRT cannot load the model.
        """
        self.name = name
        self.numbers = numbers
        self.thresholds = thresholds
        self._model = model
        self._threads = threads
        self._prepared: dict[int, Interpreter] = {}
        with silenced():
            self._prepare(1)

    def __reduce__(
        self,
    ) -> tuple[Callable[..., "Classifier"], tuple[bytes, str, Thresholds, NumberReader | None]]:
        """Pickle for another process: the copy uses one thread."""
        return _copied, (self._model, self.name, self.thresholds, self.numbers)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Load `digits.tflite` and its card `digits.json` from a folder.

        The number reader, `numbers.tflite` and `numbers.json`, is loaded with them where the
        folder has either.

        Raises:
            ModelError: a file is missing or damaged, or a card describes another model.
        """
        card_path, model_path = folder / "digits.json", folder / "digits.tflite"
        try:
            card, model = json.loads(_content(card_path)), _content(model_path)
            thresholds = _checked(Thresholds(**card["thresholds"]))
            expected = card["sha256"]
        except FileNotFoundError as error:
            raise ModelError(
                f"no model at {error.filename}: expected digits.tflite and digits.json; "
                "get them with `digitdrop train`, or name their folder with --model"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            detail = error.strerror if isinstance(error, OSError) else repr(error)
            raise ModelError(
                f"cannot use the model in {folder}: {detail}; name a folder with --model that "
                "holds digits.tflite and its card digits.json"
            ) from error
        found = hashlib.sha256(model).hexdigest()
        if found != expected:
            raise ModelError(
                f"{model_path} has SHA-256 {found[:8]}..., but its card {card_path.name} says "
                f"{str(expected)[:8]}...: put back the pair that belongs together"
            )
        has_numbers = any((folder / f"numbers.{kind}").exists() for kind in ("json", "tflite"))
        return cls(
            model,
            name=f"digits-{found[:8]}",
            thresholds=thresholds,
            threads=threads,
            numbers=NumberReader.load(folder, threads=threads) if has_numbers else None,
        )

    def probabilities(self, frames: Sequence[Frame]) -> Probabilities:
        """Classify frames; the result for a frame does not depend on the other frames.

        Args:
            frames: any number, also none; each uint8 (28, 28), 0 = paper, 255 = ink.

        Returns:
            float32 of shape (frames, 12): softmax of the logits over the card's temperature.

        Raises:
            MemoryError: LiteRT has too little memory.
        """
        logits = np.empty((len(frames), CLASSES), np.float32)
        done = 0
        for size in SIZES:
            while len(frames) - done >= size:
                batch = np.stack(frames[done : done + size])
                logits[done : done + size] = self._logits(batch)
                done += size
        scaled = logits / np.float32(self.thresholds.temperature)
        scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(scaled, out=scaled)
        scaled /= scaled.sum(axis=1, keepdims=True)
        return scaled

    def _logits(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        interpreter = self._prepared.get(len(batch)) or self._prepare(len(batch))
        signature = interpreter.get_input_details()[0]
        interpreter.set_tensor(signature["index"], batch[..., None].astype(signature["dtype"]))
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise MemoryError(f"LiteRT: {error}") from error  # the model has run before
        answer: npt.NDArray[np.float32] = interpreter.get_tensor(
            interpreter.get_output_details()[0]["index"]
        )
        return answer

    def _prepare(self, size: int) -> Interpreter:
        try:
            interpreter = Interpreter(model_content=self._model, num_threads=self._threads)
            interpreter.resize_tensor_input(
                interpreter.get_input_details()[0]["index"], (size, 28, 28, 1)
            )
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            if self._prepared:  # with the same model
                raise MemoryError(f"LiteRT: {error}") from error
            raise ModelError(f"LiteRT cannot load the model {self.name}: {error}") from error
        self._prepared[size] = interpreter
        return interpreter


def _content(path: Path) -> bytes:
    with open_regular(path, links=True) as file:
        return file.read()


def _checked(thresholds: Thresholds) -> Thresholds:
    """Return the thresholds if they are valid.

    Raises:
        ValueError: a threshold is no number, or the temperature is not above 0.
    """
    for name, value in asdict(thresholds).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ValueError(f"{name} is {value!r}, and must be a number")
    if thresholds.temperature <= 0:
        raise ValueError(f"temperature is {thresholds.temperature}, and must be above 0")
    return thresholds


def _copied(
    model: bytes, name: str, thresholds: Thresholds, numbers: NumberReader | None
) -> Classifier:
    return Classifier(model, name=name, thresholds=thresholds, numbers=numbers)
