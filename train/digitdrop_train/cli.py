"""The command that trains. TensorFlow is imported only when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from digitdrop.errors import SetupError
from digitdrop.system import search_path
from digitdrop.system.signals import hear_ctrl_c

EPOCHS = 40
QUICK_EPOCHS = 3
QUICK = {"scenes": 600, "exam": 300}
VALIDATION_SPLIT = 0.2
SEED = 1
OUTPUT = Path("models")
PLOTS = Path("training")


class ExtraMissing(SetupError):
    """The packages that only training needs are not installed."""


def train(
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DIGITDROP_DATA",
            help="Folder with MNIST's IDX files or mnist.npz; else Keras downloads it.",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help=f"Default {EPOCHS}; {QUICK_EPOCHS} with --quick.")
    ] = None,
    validation_split: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="The last share of the pictures, held out.")
    ] = VALIDATION_SPLIT,
    output: Annotated[Path, typer.Option(help="Folder for the model and its card.")] = OUTPUT,
    plots: Annotated[Path, typer.Option(help="Folder for the curves.")] = PLOTS,
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
    sibling: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="With --recalibrate: a model of the same recipe by another seed, for the card.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the curves on the screen.")] = False,
) -> None:
    """Train the network on MNIST and put it in place. Ctrl-C keeps the epochs done so far.

    Example: digitdrop train --data mnist --output models
    """
    _prepare()
    from digitdrop_train import recipe
    from digitdrop_train.calibration import examine
    from digitdrop_train.options import Options

    options = Options(
        **(QUICK if quick else {}),
        data=data,
        epochs=epochs or (QUICK_EPOCHS if quick else EPOCHS),
        validation_split=validation_split,
        output=output,
        plots=plots,
        seed=seed,
        siblings=tuple(sibling or ()),
        show=show,
    )
    hear_ctrl_c()
    try:
        (examine.recalibrate if recalibrate else recipe.carry_out)(options, say=typer.echo)
    except KeyboardInterrupt:
        typer.echo("stopped: nothing was kept or replaced", err=True)
        raise typer.Exit(130) from None


def _prepare() -> None:
    """Check for the extra, and hush TensorFlow, which would talk about the processor.

    Raises:
        ExtraMissing: with what to type.
    """
    missing = [name for name in ("keras", "tensorflow", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ExtraMissing(
            f"training needs {' and '.join(missing)}: pip install 'digitdrop[train]'"
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _hushed(), search_path.at_home():
        import matplotlib  # noqa: F401 - Keras would load it
        import tensorflow  # noqa: F401


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep from the screen what compiled code says; it writes to the file, not to Python's."""
    sys.stderr.flush()
    shown = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(shown, 2)
        os.close(shown)
