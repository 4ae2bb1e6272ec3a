"""Progress bars of a training, on stderr; without a terminal, only a line for each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from digitdrop.inference.augmentation import Network
from digitdrop.values import Frame, Probabilities

if TYPE_CHECKING:
    from digitdrop_train.fit import Epoch

T = TypeVar("T")

FRAMES_AT_ONCE = 1024
"""Frames that a network is given between two updates of its bar."""


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # The steps of a training are long: estimate over the last two minutes.
        speed_estimate_period=120,
    )


def track(parts: Iterable[T], total: int, description: str) -> Iterator[T]:
    """Yield the parts, and show the share of `total` that has been taken.

    >>> list(track("abc", 3, "reading"))
    ['a', 'b', 'c']
    """
    with _bar(Console(stderr=True)) as bar:
        yield from bar.track(parts, total=total, description=description)


class TrackedNetwork:
    """A network that shows a bar whenever it answers for many frames."""

    def __init__(self, network: Network, description: str) -> None:
        """Pass the frames on to `network`."""
        self._network = network
        self._description = description

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        """Return one row per frame, float32 (frames, 12); the same rows as the network's."""
        starts = range(0, max(1, len(frames)), FRAMES_AT_ONCE)
        parts = [
            self._network.probabilities(frames[start : start + FRAMES_AT_ONCE])
            for start in track(starts, len(starts), self._description)
        ]
        return np.concatenate(parts)


class EpochProgress:
    """A bar over all epochs, and a line for each epoch that is finished."""

    def __init__(self, epochs: int, steps: int, *, done: int) -> None:
        """Expect `epochs` of `steps` each, of which `done` were finished before."""
        self._console = Console(stderr=True, highlight=False)
        self._bar = _bar(self._console)
        self._epochs = epochs
        self._steps = steps
        self._task = self._bar.add_task("starting", total=epochs * steps, completed=done * steps)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Show a finished step; epoch and step count from 1."""
        self._bar.update(
            self._task,
            completed=(epoch - 1) * self._steps + step,
            description=f"epoch {epoch}/{self._epochs}  loss {loss:.4f}",
        )

    def epoch(self, done: Epoch) -> None:
        """Print the figures of a finished epoch."""
        self._console.print(
            f"epoch {done.epoch}/{self._epochs}: loss {done.loss:.4f}, "
            f"accuracy {done.accuracy:.2%}; validation loss {done.validation_loss:.4f}, "
            f"accuracy {done.validation_accuracy:.2%}",
            soft_wrap=True,
        )
