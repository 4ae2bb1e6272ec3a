"""The options of a training; everything else is a constant beside its use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCENES = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command `digitdrop train`."""

    data: Path | None
    """Folder with MNIST; None lets Keras download it."""
    epochs: int
    """Of the digits' network."""
    number_epochs: int
    """Of the number reader."""
    validation_split: float
    """Share of the training pictures, 0-0.9, that is held out: the last of them."""
    output: Path
    """Folder for the model and its card."""
    plots: Path
    """Folder for the curves, and for the checkpoint while a training runs."""
    seed: int
    show: bool = False
    """Open the curves in windows."""
    other_seeds: tuple[Path, ...] = ()
    """Folders of models of the same recipe with other seeds; the card then gives the spread."""
    scenes: int = SCENES
    """Whole pictures that are made for the sample bank."""
    calibration_pictures: int = 10_000
    """Plain digits in the calibration set; there are as many realistic ones. With 2,500, the
    threshold of `ok`, which depends on the few wrong digits, was anywhere from 0.59 to 0.83 (20
    bootstraps)."""

    only: str = ""
    """`digits` or `numbers`, the one network that is trained; empty for both."""
    number_pictures: int = 25_000
    """Pictures of numbers in an epoch, drawn anew in each."""
    calibration_numbers: int = 6_000
    """Pictures on which the number reader's thresholds are chosen; it is tested on half as many
    others."""

    def __str__(self) -> str:
        """Return the command that repeats the training."""
        quick = " --quick" if self.scenes < SCENES else ""
        only = f" --only {self.only}" if self.only else ""
        epochs = self.number_epochs if self.only == "numbers" else self.epochs
        return (
            f"digitdrop train{only} --epochs {epochs} "
            f"--validation-split {self.validation_split:g} --seed {self.seed}{quick}"
        )
