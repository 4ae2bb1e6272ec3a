"""The curves of a training, as pictures, as a table, and on the screen."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from digitdrop_train.fit import Epoch

SIZE = (7.0, 4.5)
CURVES = ("loss", "accuracy")


def save(history: Sequence[Epoch], folder: Path) -> None:
    """Write `history.csv`, `loss.png` and `accuracy.png`; needs no screen.

    The training curve may lie on the wrong side of the other: it is measured while
    learning, on pictures made harder, and with what is no digit among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
    for name in CURVES:
        figure = Figure(figsize=SIZE, layout="constrained")
        _draw(figure, name, history)
        figure.savefig(folder / f"{name}.png", dpi=120)


def show(history: Sequence[Epoch]) -> None:
    """Show the same curves in windows; returns when they are closed."""
    from matplotlib import pyplot

    for name in CURVES:
        _draw(pyplot.figure(figsize=SIZE, layout="constrained"), name, history)
    pyplot.show()


def _draw(figure: Figure, name: str, history: Sequence[Epoch]) -> None:
    epochs = [epoch.epoch for epoch in history]
    learned = [getattr(epoch, name) for epoch in history]
    held_out = [getattr(epoch, f"validation_{name}") for epoch in history]
    axes = figure.subplots()
    axes.plot(epochs, learned, marker=".", label="training (pictures made harder)")
    axes.plot(epochs, held_out, marker=".", label="validation (as they are)")
    axes.set(title=name.capitalize(), xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if name == "loss":
        axes.set_yscale("log")  # the interesting part is near zero
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
