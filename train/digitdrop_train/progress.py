"""Progress bars of a training, on stderr; without a terminal, only a line for each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")
Say: TypeAlias = Callable[[str], None]
"""Takes one line for a person."""
OnStep: TypeAlias = Callable[[int, int, float], None]


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


@contextmanager
def epoch_progress(epochs: int, steps: int, *, done: int) -> Iterator[tuple[OnStep, Say]]:
    """Show a bar over all epochs.

    Args:
        epochs: number of epochs, of which `done` were finished before.
        steps: batches in an epoch.
        done: finished epochs.

    Yields:
        A function to call with epoch and step, both from 1, and the loss; and a function that
        prints a line above the bar.
    """
    console = Console(stderr=True, highlight=False)
    with _bar(console) as bar:
        task = bar.add_task("starting", total=epochs * steps, completed=done * steps)

        def on_step(epoch: int, step: int, loss: float) -> None:
            completed = (epoch - 1) * steps + step
            description = f"epoch {epoch}/{epochs}  loss {loss:.4f}"
            bar.update(task, completed=completed, description=description)

        yield on_step, lambda line: console.print(line, soft_wrap=True)
