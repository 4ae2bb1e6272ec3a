"""`digitdrop predict`: a look at a few pictures."""

from pathlib import Path
from typing import Annotated

import typer

from digitdrop.cli import console
from digitdrop.cli.options import DIGITS, LIMITS, MODEL, Digits, MaxBytes, MaxPixels, Model
from digitdrop.log import logs
from digitdrop.values import Limits, Status


def predict(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", exists=True, dir_okay=False, help="Pictures."),
    ],
    model: Model = MODEL,
    digits: Digits = DIGITS,
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
    logs.configure(quiet=True)

    from digitdrop.inference.classifier import Classifier
    from digitdrop.predict import draw, look_at, read

    limits = Limits(pixels=max_pixels, bytes=max_bytes)
    classifier = Classifier.load(model)
    if explain:
        looks = look_at(images, classifier, limits=limits, digits=digits)
        draw(looks, explain)
        readings = [one.reading for one in looks]
    else:
        readings = read(images, classifier, limits=limits, digits=digits)
    if as_json:
        typer.echo(console.as_json(readings))
    else:
        console.table(readings)
    failed = any(one.verdict.status is Status.UNREADABLE for one in readings)
    raise typer.Exit(int(failed))
