"""`digitdrop batch`: files and folders once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from worker import console, logs
from worker.commands.process import signalled, start_again
from worker.options import (
    LIMITS,
    LOG_FORMAT,
    MODEL,
    WORKERS,
    LogFormatted,
    MaxBytes,
    MaxPixels,
    Model,
    Quiet,
    Workers,
)
from worker.values import Limits


def batch(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", exists=True, help="Pictures, or folders of them."),
    ],
    report: Annotated[Path, typer.Option(help="The CSV to begin, or to go on with.")],
    model: Model = MODEL,
    workers: Workers = WORKERS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    quiet: Quiet = False,
    log_format: LogFormatted = LOG_FORMAT,
) -> None:
    """Read files and folders once; run again, it goes on where it stopped.

    Example: digitdrop batch scans --report scans.csv
    """
    from worker.batch import batch as run_batch
    from worker.classify import Classifier
    from worker.readers import Hung
    from worker.sources import count

    logs.configure(log_format, quiet=True)
    classifier = Classifier.load(model, threads=workers)
    stopper = signalled()
    total = 0 if quiet else count(sources, is_stopping=stopper.is_stopping)
    try:
        with console.progress(total, quiet=quiet) as progress:
            summary = run_batch(
                sources,
                report,
                classifier,
                limits=Limits(pixels=max_pixels, bytes=max_bytes),
                workers=workers,
                stopper=stopper,
                progress=progress,
            )
    except Hung:
        start_again()
    typer.echo(summary)
    if summary.was_stopped:
        sys.stdout.flush()
        os._exit(130)  # as in `watch`
    raise typer.Exit(int(summary.failed))
