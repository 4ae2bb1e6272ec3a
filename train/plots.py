"""The curves of a training, as pictures and as a table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

from train.fit import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNT = "training (pictures made harder)"
HELD_OUT = "validation (as they are)"


def save(history: Sequence[Epoch], folder: Path, *, show: bool = False) -> None:
    """Write `history.csv`, `loss.png` and `accuracy.png`; with `show`, also on the screen.

    The training curve may lie on the wrong side of the other: it is measured while
    learning, on pictures made harder, and with what is no digit among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _table(history, folder / "history.csv")
    if not show:
        mpl.use("Agg")  # needs no screen
    from matplotlib import pyplot

    epochs = [epoch.epoch for epoch in history]
    for name, learnt, held_out in (
        ("loss", [e.loss for e in history], [e.validation_loss for e in history]),
        ("accuracy", [e.accuracy for e in history], [e.validation_accuracy for e in history]),
    ):
        figure = _curves(name, epochs, learnt, held_out)
        figure.savefig(folder / f"{name}.png", dpi=120)
    if show:
        pyplot.show()
    pyplot.close("all")


def _table(history: Sequence[Epoch], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)


def _curves(
    name: str, epochs: Sequence[int], learnt: Sequence[float], held_out: Sequence[float]
) -> Figure:
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.plot(epochs, learnt, marker=".", label=LEARNT)
    axes.plot(epochs, held_out, marker=".", label=HELD_OUT)
    axes.set(title=name.capitalize(), xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if name == "loss":
        axes.set_yscale("log")  # the interesting part is near zero
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    return figure
