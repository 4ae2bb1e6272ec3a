"""`digitdrop predict`: a look at a few pictures."""

from pathlib import Path
from typing import Annotated

import typer

from worker import console
from worker.options import LIMITS, MODEL, MaxBytes, MaxPixels, Model
from worker.values import Limits


def predict(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", exists=True, dir_okay=False, help="Pictures."),
    ],
    model: Model = MODEL,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG", dir_okay=False, help="Draw how each picture was read into this file."
        ),
    ] = None,
) -> None:
    """Look at a few pictures; nothing is recorded.

    Example: digitdrop predict photo.jpg --explain why.png
    """
    from worker.classify import Classifier
    from worker.predict import draw, look_at

    looks = look_at(
        images, Classifier.load(model), limits=Limits(pixels=max_pixels, bytes=max_bytes)
    )
    if explain:
        draw(looks, explain)
    readings = [one.reading for one in looks]
    if as_json:
        typer.echo(console.as_json(readings))
    else:
        console.table(readings)
    raise typer.Exit(int(any(one.failed for one in looks)))
