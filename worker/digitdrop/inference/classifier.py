"""Frames -> probabilities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from digitdrop.inference.litert import LiteRTModel, read_model
from digitdrop.inference.numbers import NumberReader
from digitdrop.values import CLASSES, Frame, Probabilities, Thresholds

SIZES = (16, 4, 1)
"""Batch sizes, largest first; each has an interpreter of its own, made at its first use.

A frame takes as long in a batch of 16 as in one of 64 or 128. But each size takes memory for
the values between layers (15 MB with 64 in the list, 7 without) and time at its first use.
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
        self._model = LiteRTModel(model, name=name, shape=(1, 28, 28, 1), threads=threads)

    def __reduce__(
        self,
    ) -> tuple[Callable[..., "Classifier"], tuple[bytes, str, Thresholds, NumberReader | None]]:
        """Pickle for another process: the copy uses one thread."""
        return _copied, (self._model.content, self.name, self.thresholds, self.numbers)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Load `digits.tflite` and its card `digits.json` from a folder.

        The number reader, `numbers.tflite` and `numbers.json`, is loaded with them where the
        folder has either.

        Raises:
            ModelError: a file is missing or damaged, or a card describes another model.
        """
        model, name, thresholds = read_model(
            folder, "digits", Thresholds, command="digitdrop train"
        )
        has_numbers = any((folder / f"numbers.{kind}").exists() for kind in ("json", "tflite"))
        return cls(
            model,
            name=name,
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
                logits[done : done + size] = self._model.run(batch[..., None])
                done += size
        scaled = logits / np.float32(self.thresholds.temperature)
        scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(scaled, out=scaled)
        scaled /= scaled.sum(axis=1, keepdims=True)
        return scaled


def _copied(
    model: bytes, name: str, thresholds: Thresholds, numbers: NumberReader | None
) -> Classifier:
    return Classifier(model, name=name, thresholds=thresholds, numbers=numbers)
