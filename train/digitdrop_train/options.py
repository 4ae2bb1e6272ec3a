"""What a person may decide about a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCENES = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command; everything else is a constant beside its use."""

    data: Path | None
    """Folder with MNIST; None lets Keras download it."""
    epochs: int
    validation_split: float
    """The last share of the training pictures, 0-0.9, is never learned."""
    output: Path
    """Folder for the model and its card."""
    plots: Path
    seed: int
    show: bool = False
    siblings: tuple[Path, ...] = ()
    """Folders of models of the same recipe by other seeds; the card then tells the spread."""
    scenes: int = SCENES
    """Whole pictures that are made and read for the bank of what `glyph` sees."""
    exam: int = 10_000
    """Pictures of each kind, plain and realistic, that the thresholds are chosen on. Where fewer
    digits were held out, each is asked several times, realistic ones on as many papers: with
    2,500 the threshold of `ok`, which hangs on the few that are wrong, was found anywhere from
    0.59 to 0.83 (20 bootstraps)."""

    def __str__(self) -> str:
        """Return the command that does it again."""
        quick = " --quick" if self.scenes < SCENES else ""
        return (
            f"digitdrop train --epochs {self.epochs} "
            f"--validation-split {self.validation_split:g} --seed {self.seed}{quick}"
        )
