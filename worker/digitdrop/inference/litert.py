"""A model file, its card, and LiteRT, which runs it. The only module that imports LiteRT."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from digitdrop.errors import ModelError
from digitdrop.files.regular import open_regular
from digitdrop.system.streams import silenced

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CardThresholds = TypeVar("CardThresholds", bound="DataclassInstance")


class LiteRTModel:
    """A model with an interpreter for each shape of its input; for one thread at a time.

    To resize the input of an interpreter makes XNNPACK pack its weights again, which takes longer
    than a run.
    """

    def __init__(
        self, content: bytes, *, name: str, shape: tuple[int, ...], threads: int = 1
    ) -> None:
        """Prepare the model for one shape of input, so that a bad model is found at once.

        Args:
            content: bytes of the model.
            name: name of the model in messages.
            shape: of the first input.
            threads: threads that LiteRT may use.

        Raises:
            ModelError: LiteRT cannot load the model.
        """
        self.content = content
        self._name = name
        self._threads = threads
        self._prepared: dict[tuple[int, ...], Interpreter] = {}
        with silenced():  # LiteRT greets once in a process
            self._prepare(shape)

    def run(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the logits of a batch, float32; its shape may be a new one.

        Raises:
            MemoryError: LiteRT has too little memory.
        """
        interpreter = self._prepared.get(batch.shape) or self._prepare(batch.shape)
        signature = interpreter.get_input_details()[0]
        interpreter.set_tensor(signature["index"], batch.astype(signature["dtype"], copy=False))
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise MemoryError(f"LiteRT: {error}") from error  # the model could be prepared
        answer: npt.NDArray[np.float32] = interpreter.get_tensor(
            interpreter.get_output_details()[0]["index"]
        )
        return answer

    def _prepare(self, shape: tuple[int, ...]) -> Interpreter:
        try:
            interpreter = Interpreter(model_content=self.content, num_threads=self._threads)
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            if self._prepared:  # with the same model
                raise MemoryError(f"LiteRT: {error}") from error
            raise ModelError(f"LiteRT cannot load the model {self._name}: {error}") from error
        self._prepared[shape] = interpreter
        return interpreter


def read_model(
    folder: Path, stem: str, thresholds: Callable[..., CardThresholds], *, command: str
) -> tuple[bytes, str, CardThresholds]:
    """Read a model and its card, `STEM.tflite` and `STEM.json`.

    Args:
        folder: holds both.
        stem: `digits` or `numbers`.
        thresholds: makes the thresholds of the card's.
        command: gets the two files where they are missing.

    Returns:
        The bytes of the model, its name in the report, and the thresholds.

    Raises:
        ModelError: a file is missing or damaged, or the card describes another model.
    """
    pair = f"{stem}.tflite and its card {stem}.json"
    model_path, card_path = folder / f"{stem}.tflite", folder / f"{stem}.json"
    try:
        card: dict[str, Any] = json.loads(_content(card_path))
        model = _content(model_path)
        found_thresholds = _checked(thresholds(**card["thresholds"]))
        expected = card["sha256"]
    except FileNotFoundError as error:
        raise ModelError(
            f"no model at {error.filename}: expected {stem}.tflite and {stem}.json; "
            f"get them with `{command}`, or name their folder with --model"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        detail = error.strerror if isinstance(error, OSError) else repr(error)
        raise ModelError(
            f"cannot use the model in {folder}: {detail}; name a folder with --model that "
            f"holds {pair}"
        ) from error
    found = hashlib.sha256(model).hexdigest()
    if found != expected:
        raise ModelError(
            f"{model_path} has SHA-256 {found[:8]}..., but its card {card_path.name} says "
            f"{str(expected)[:8]}...: put back the pair that belongs together"
        )
    return model, f"{stem}-{found[:8]}", found_thresholds


def _content(path: Path) -> bytes:
    with open_regular(path, links=True) as file:
        return file.read()


def _checked(thresholds: CardThresholds) -> CardThresholds:
    """Return the thresholds if they are valid.

    Raises:
        ValueError: a threshold is no number, or the temperature is not above 0.
    """
    known = asdict(thresholds)
    for name, value in known.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ValueError(f"{name} is {value!r}, and must be a number")
    if known.get("temperature", 1) <= 0:
        raise ValueError(f"temperature is {known['temperature']}, and must be above 0")
    return thresholds
