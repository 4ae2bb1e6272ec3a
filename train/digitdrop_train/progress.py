"""What a person sees of a training: a bar with the time left, and a line for each epoch."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from digitdrop_train.fit import Epoch


class Progress:
    """Talks on stderr; without a terminal it prints the lines alone."""

    def __init__(self, epochs: int, steps: int) -> None:
        """Expect so many epochs of so many steps."""
        self._console = Console(stderr=True, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
            # A training has long steps; the estimate looks back over some hundred of them.
            speed_estimate_period=120,
        )
        self._epochs = epochs
        self._steps = steps
        self._task = self._bar.add_task("starting", total=epochs * steps)

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
        """Take note of a step; both count from 1."""
        self._bar.update(
            self._task,
            completed=(epoch - 1) * self._steps + step,
            description=f"epoch {epoch}/{self._epochs}  loss {loss:.4f}",
        )

    def epoch(self, done: Epoch) -> None:
        """Print what an epoch achieved."""
        self._console.print(
            f"epoch {done.epoch}/{self._epochs}: loss {done.loss:.4f}, "
            f"accuracy {done.accuracy:.2%}; validation loss {done.validation_loss:.4f}, "
            f"accuracy {done.validation_accuracy:.2%}",
            soft_wrap=True,
        )
