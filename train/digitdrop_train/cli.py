"""The command that trains. TensorFlow is imported only when it runs."""

from __future__ import annotations

import os
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from digitdrop.errors import FolderError, SetupError
from digitdrop.system import search_path
from digitdrop.system.processes import allow_ctrl_c
from digitdrop.system.streams import silenced

EPOCHS = 40
NUMBER_EPOCHS = 15
QUICK_EPOCHS = 3
QUICK = {
    "scenes": 600,
    "calibration_pictures": 300,
    "number_pictures": 600,
    "calibration_numbers": 100,
}
VALIDATION_SPLIT = 0.2
SEED = 1
OUTPUT = Path("models")
PLOTS = Path("training")


class Network(StrEnum):
    """The networks of the worker."""

    DIGITS = "digits"
    NUMBERS = "numbers"


class ExtraMissing(SetupError):
    """A package of the extra `train` is not installed."""


def train(
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DIGITDROP_DATA",
            help="Folder with MNIST's IDX files or mnist.npz; else Keras downloads it.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Default {EPOCHS}, for numbers {NUMBER_EPOCHS}; {QUICK_EPOCHS} with --quick.",
        ),
    ] = None,
    only: Annotated[
        Network | None, typer.Option(help="Train one of the two networks; else both.")
    ] = None,
    validation_split: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="The last share of the pictures, held out.")
    ] = VALIDATION_SPLIT,
    output: Annotated[Path, typer.Option(help="Folder for the model and its card.")] = OUTPUT,
    plots: Annotated[Path, typer.Option(help="Folder for curves and checkpoint.")] = PLOTS,
    seed: Annotated[int, typer.Option(min=0, help="The same again gives the same.")] = SEED,
    quick: Annotated[
        bool, typer.Option("--quick", help="A try-out: fewer epochs, fewer whole pictures.")
    ] = False,
    recalibrate: Annotated[
        bool,
        typer.Option(
            "--recalibrate",
            help="Keep the network; choose its thresholds again, on what its card held out.",
        ),
    ] = False,
    other_seed: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="With --recalibrate: a model of the same recipe by another seed, for the card.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the curves on the screen.")] = False,
) -> None:
    """Train the networks on MNIST and put them in place; started again, go on where it stopped.

    Example: digitdrop train --data mnist --output models
    """
    _prepare()
    from digitdrop_train import run
    from digitdrop_train.options import Options

    options = Options(
        **(QUICK if quick else {}),
        data=data,
        epochs=epochs or (QUICK_EPOCHS if quick else EPOCHS),
        number_epochs=epochs or (QUICK_EPOCHS if quick else NUMBER_EPOCHS),
        only=only or "",
        validation_split=validation_split,
        output=output,
        plots=plots,
        seed=seed,
        other_seeds=tuple(other_seed or ()),
        show=show,
    )
    allow_ctrl_c()
    try:
        (run.recalibrate if recalibrate else run.train_networks)(options, say=typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped: the unfinished network was not put in place", err=True)
        raise typer.Exit(130) from None
    except OSError as error:
        raise FolderError(f"the training stopped: {error}; run the same command again") from error


def _prepare() -> None:
    """Check for the extra, and keep TensorFlow from greeting on the screen.

    Raises:
        ExtraMissing: with what to type.
    """
    missing = [name for name in ("keras", "tensorflow", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ExtraMissing(
            f"training needs {' and '.join(missing)}: pip install 'digitdrop[train]'"
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced(), search_path.in_program_folder():
        import matplotlib  # noqa: F401 - Keras would load it
        import tensorflow  # noqa: F401
