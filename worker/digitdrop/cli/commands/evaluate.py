"""`digitdrop evaluate`: how well labelled pictures are read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitdrop.cli import console
from digitdrop.cli.options import (
    DIGITS,
    LIMITS,
    LOG_FORMAT,
    MODEL,
    WORKERS,
    Digits,
    LogFormatted,
    MaxBytes,
    MaxPixels,
    Model,
    Quiet,
    Workers,
)
from digitdrop.errors import SetupError
from digitdrop.log import logs
from digitdrop.system import search_path
from digitdrop.values import Limits

if TYPE_CHECKING:
    from collections.abc import Callable


def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Pictures in folders named by what they show, DIR/.../7/PICTURE, or as "
            "DIR/labels.csv tells by its columns file and label.",
        ),
    ],
    others: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Pictures that show no single number; may be given several times.",
        ),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw charts and the worst mistakes here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    model: Model = MODEL,
    workers: Workers = WORKERS,
    digits: Digits = DIGITS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    quiet: Quiet = False,
    log_format: LogFormatted = LOG_FORMAT,
) -> None:
    """Measure how well pictures are read whose numbers are known; nothing is recorded.

    Example: digitdrop evaluate scans --plots charts
    """
    logs.configure(log_format, quiet=True)

    from digitdrop.evaluation import scores
    from digitdrop.evaluation.evaluate import mark, tasks
    from digitdrop.inference.classifier import Classifier

    for one in (folder, *(others or [])):
        search_path.check(folder=one)
    draw = _charts() if plots else None
    classifier = Classifier.load(model, threads=workers)
    limits = Limits(pixels=max_pixels, bytes=max_bytes)
    asked = tasks(folder, others or [])
    with console.progress(len(asked), quiet=quiet) as progress:
        reading = mark(
            asked,
            classifier,
            limits=limits,
            digits=digits,
            workers=workers,
            progress=progress,
        )
        marked = list(reading)
    found = scores.score(classifier.name, marked)
    if plots and draw:
        draw(marked, plots, classifier, limits=limits, digits=digits)
    if as_json:
        typer.echo(scores.as_json(found))
    else:
        scores.show(found)


def _charts() -> "Callable[..., None]":
    try:
        with search_path.at_home():
            from digitdrop.evaluation.charts import draw
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("matplotlib"):
            raise
        raise SetupError("--plots needs matplotlib: pip install matplotlib") from error
    return draw
