"""`digitdrop batch`: read files and folders once, on this machine or on many."""

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
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
from digitdrop.cli.process import signalled, start_again
from digitdrop.errors import SetupError
from digitdrop.log import logs
from digitdrop.system import search_path
from digitdrop.system.mishaps import BROKE_OFF
from digitdrop.values import Limits

if TYPE_CHECKING:
    from digitdrop.batch.batch import Summary


class Shards(StrEnum):
    """The formats that a cluster writes."""

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

    from digitdrop.batch.batch import run_batch
    from digitdrop.batch.sources import count_sources
    from digitdrop.inference.classifier import Classifier
    from digitdrop.pool.batches import ReadTimeout

    for source in sources:
        if "://" not in source:
            search_path.refuse_program_folders(source=Path(source))
    classifier = Classifier.load(model, threads=workers)
    limits = Limits(pixels=max_pixels, bytes=max_bytes)
    shutdown = signalled()
    if cluster:
        summary = _cluster_runner()(
            sources,
            report,
            classifier,
            cluster=cluster,
            shards=shards,
            limits=limits,
            digits=digits,
            workers=workers,
            shutdown=shutdown,
            progress=partial(console.progress, quiet=quiet),
        )
    else:
        paths = [_path(source) for source in sources]
        target = _path(report)
        total = 0 if quiet else count_sources(paths, is_stopping=shutdown.is_stopping)
        try:
            with console.progress(total, quiet=quiet) as progress:
                summary = run_batch(
                    paths,
                    target,
                    classifier,
                    limits=limits,
                    digits=digits,
                    workers=workers,
                    shutdown=shutdown,
                    progress=progress,
                )
        except ReadTimeout:
            start_again(shutdown)
            os._exit(console.STOPPED)
    typer.echo(summary)
    if summary.was_stopped:
        sys.stdout.flush()
        os._exit(console.STOPPED)  # as in `watch`
    raise typer.Exit(BROKE_OFF if summary.starved else int(summary.failed))


def _path(address: str) -> Path:
    if "://" in address:
        raise SetupError(f"{address} is no path: it needs --cluster local, auto or ADDRESS")
    return Path(address)


def _cluster_runner() -> "Callable[..., Summary]":
    from digitdrop.cluster import configure_ray

    configure_ray()
    try:
        from digitdrop.cluster.batch import run_cluster_batch
    except ModuleNotFoundError as error:
        if error.name not in {"ray", "pyarrow"}:
            raise
        raise SetupError(
            "--cluster needs Ray Data: install it with pip install 'digitdrop[cluster]'"
        ) from error
    return run_cluster_batch
