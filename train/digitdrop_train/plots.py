"""The curves of a training, as pictures, as a table, and on the screen."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from digitdrop_train.fit import Epoch

FIGURE_SIZE = (7.0, 4.5)
"""Width and height in inches."""
CURVES = ("loss", "accuracy")


def save_plots(history: Sequence[Epoch], folder: Path) -> None:
    """Write `history.csv`, `loss.png` and `accuracy.png` into an existing folder.

    The training curve may look worse than the validation curve: it is measured while the
    network learns, on augmented frames and over 12 classes.
    """
    with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
    for name in CURVES:
        figure = Figure(figsize=FIGURE_SIZE, layout="constrained")
        _draw(figure, name, history)
        figure.savefig(folder / f"{name}.png", dpi=120)


def show_plots(history: Sequence[Epoch]) -> None:
    """Show the curves in windows; return when they are closed."""
    from matplotlib import pyplot

    for name in CURVES:
        _draw(pyplot.figure(figsize=FIGURE_SIZE, layout="constrained"), name, history)
    pyplot.show()


def _draw(figure: Figure, name: str, history: Sequence[Epoch]) -> None:
    epochs = [epoch.epoch for epoch in history]
    training = [getattr(epoch, name) for epoch in history]
    validation = [getattr(epoch, f"validation_{name}") for epoch in history]
    axes = figure.subplots()
    axes.plot(epochs, training, marker=".", label="training (augmented)")
    axes.plot(epochs, validation, marker=".", label="validation (as they are)")
    axes.set(title=name.capitalize(), xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if name == "loss":
        axes.set_yscale("log")  # the interesting part is near zero
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
