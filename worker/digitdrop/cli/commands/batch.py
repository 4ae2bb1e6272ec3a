"""`digitdrop batch`: files and folders once, on this machine or on many."""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitdrop.cli import console
from digitdrop.cli.commands.process import signalled, start_again
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
from digitdrop.system.mishaps import BROKE_OFF
from digitdrop.values import DigitCount, Limits

if TYPE_CHECKING:
    from digitdrop.batch.batch import Summary
    from digitdrop.inference.classifier import Classifier
    from digitdrop.system.shutdown import Stopper


class Shards(StrEnum):
    """What a cluster writes."""

    PARQUET = "parquet"
    CSV = "csv"


def batch(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Pictures, or folders of them. With --cluster also s3://, gs:// and az:// "
            "prefixes, and lists: a .txt with a path a line, or a .parquet.",
        ),
    ],
    report: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="The CSV to begin, or to go on with. With --cluster the folder or prefix for "
            "the parts of the report.",
        ),
    ],
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="local|auto|ADDRESS",
            envvar="DIGITDROP_CLUSTER",
            help="Read on a Ray cluster: one on the cores of this machine, the one that this "
            "machine belongs to, or the one at an address.",
        ),
    ] = None,
    shards: Annotated[
        Shards, typer.Option(envvar="DIGITDROP_SHARDS", help="What a cluster writes.")
    ] = Shards.PARQUET,
    model: Model = MODEL,
    workers: Workers = WORKERS,
    digits: Digits = DIGITS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    quiet: Quiet = False,
    log_format: LogFormatted = LOG_FORMAT,
) -> None:
    """Read files and folders once; run again, it goes on where it stopped.

    Example: digitdrop batch scans --report scans.csv

    Example: digitdrop batch s3://bucket/scans --report s3://bucket/report --cluster auto
    """
    logs.configure(log_format, quiet=True)

    from digitdrop.inference.classifier import Classifier

    for source in sources:
        if "://" not in source:
            search_path.check(source=Path(source))
    classifier = Classifier.load(model, threads=workers)
    asked = _Asked(
        sources=sources,
        report=report,
        classifier=classifier,
        limits=Limits(pixels=max_pixels, bytes=max_bytes),
        digits=digits,
        workers=workers,
        stopper=signalled(),
        quiet=quiet,
    )
    summary = _far(asked, cluster, shards) if cluster else _here(asked)
    typer.echo(summary)
    if summary.was_stopped:
        sys.stdout.flush()
        os._exit(console.STOPPED)  # as in `watch`
    raise typer.Exit(BROKE_OFF if summary.starved else int(summary.failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked for, wherever it is read."""

    sources: list[str]
    report: str
    classifier: "Classifier"
    limits: Limits
    digits: DigitCount
    workers: int
    stopper: "Stopper"
    quiet: bool


def _here(asked: _Asked) -> "Summary":
    from digitdrop.batch.batch import batch as run_batch
    from digitdrop.batch.sources import count
    from digitdrop.pool.threads import Hung

    for address in (*asked.sources, asked.report):
        if "://" in address:
            raise SetupError(f"{address} is no path: it needs --cluster local, auto or ADDRESS")
    paths = [Path(source) for source in asked.sources]
    total = 0 if asked.quiet else count(paths, is_stopping=asked.stopper.is_stopping)
    try:
        with console.progress(total, quiet=asked.quiet) as progress:
            return run_batch(
                paths,
                Path(asked.report),
                asked.classifier,
                limits=asked.limits,
                digits=asked.digits,
                workers=asked.workers,
                stopper=asked.stopper,
                progress=progress,
            )
    except Hung:
        start_again(asked.stopper)
        os._exit(console.STOPPED)


def _far(asked: _Asked, cluster: str, shards: str) -> "Summary":
    from digitdrop.cluster.surroundings import prepare

    prepare()
    try:
        from digitdrop.cluster.batch import batch as run_batch
    except ModuleNotFoundError as error:
        if error.name not in {"ray", "pyarrow"}:
            raise
        raise SetupError(
            "--cluster needs Ray Data: install it with pip install 'digitdrop[cluster]'"
        ) from error
    return run_batch(
        asked.sources,
        asked.report,
        asked.classifier,
        cluster=cluster,
        shards=shards,
        limits=asked.limits,
        digits=asked.digits,
        workers=asked.workers,
        stopper=asked.stopper,
        progress=partial(console.progress, quiet=asked.quiet),
    )
