"""The command that trains. TensorFlow is imported only when it runs."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from worker.errors import SetupError

EPOCHS = 25
VALIDATION_SPLIT = 0.2
SEED = 1
OUTPUT = Path("models")
PLOTS = Path("training")

app = typer.Typer()


class ExtraMissing(SetupError):
    """The packages that only training needs are not installed."""


@app.command()
def train(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with MNIST's IDX files or mnist.npz; else Keras downloads it."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1)] = EPOCHS,
    validation_split: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="The last share of the pictures, held out.")
    ] = VALIDATION_SPLIT,
    output: Annotated[Path, typer.Option(help="Folder for the model and its card.")] = OUTPUT,
    plots: Annotated[Path, typer.Option(help="Folder for the curves.")] = PLOTS,
    seed: Annotated[int, typer.Option(min=0, help="The same again gives the same.")] = SEED,
    show: Annotated[bool, typer.Option("--show", help="Show the curves on the screen.")] = False,
) -> None:
    """Train the network on MNIST and put it in place. Ctrl-C keeps the epochs done so far."""
    _prepare()
    from train.recipe import Recipe
    from train.recipe import train as carry_out

    recipe = Recipe(
        data=data,
        epochs=epochs,
        validation_split=validation_split,
        output=output,
        plots=plots,
        seed=seed,
        show=show,
    )
    carry_out(recipe, say=typer.echo)


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
