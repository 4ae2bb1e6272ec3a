"""`digitdrop watch`: the service."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from digitdrop.cli.commands.process import signalled, start_again
from digitdrop.cli.options import (
    DIGITS,
    INBOX,
    LIMITS,
    LOG_FORMAT,
    MAX_WAIT,
    MODEL,
    OUTBOX,
    SETTLE,
    WORKERS,
    Digits,
    Inbox,
    KeepDone,
    LogFormatted,
    MaxBytes,
    MaxPixels,
    MaxWait,
    Metrics,
    Model,
    Outbox,
    Page,
    Poll,
    Quiet,
    Rotate,
    Settle,
    Workers,
)
from digitdrop.errors import ModelError
from digitdrop.log import logs
from digitdrop.system import search_path
from digitdrop.values import Limits


def watch(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    model: Model = MODEL,
    settle: Settle = SETTLE,
    max_wait: MaxWait = MAX_WAIT,
    poll: Poll = False,
    workers: Workers = WORKERS,
    digits: Digits = DIGITS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    train: Annotated[
        bool,
        typer.Option(
            "--train", envvar="DIGITDROP_TRAIN", help="If there is no model, train one first."
        ),
    ] = False,
    keep_done: KeepDone = None,
    rotate: Rotate = None,
    page: Page = True,
    metrics: Metrics = None,
    quiet: Quiet = False,
    log_format: LogFormatted = LOG_FORMAT,
) -> None:
    """Read whatever is dropped into the inbox, until stopped: the service.

    Example: digitdrop watch --inbox scans --outbox results

    Example: digitdrop watch --keep-done 30d --rotate month
    """
    logs.configure(log_format, quiet=quiet)

    from digitdrop.inference.classifier import Classifier
    from digitdrop.pool.threads import Hung
    from digitdrop.service.daemon import serve
    from digitdrop.service.wiring import Service

    search_path.check(inbox=inbox, outbox=outbox)
    stopper = signalled()
    if train and not (model / "digits.tflite").exists():
        _train_first(model)
    service = Service(
        inbox=inbox,
        outbox=outbox,
        settle=settle,
        max_wait=max_wait,
        poll=poll,
        workers=workers,
        limits=Limits(pixels=max_pixels, bytes=max_bytes),
        digits=digits,
        keep_done=keep_done,
        rotation=rotate,
        page=page,
        metrics=metrics,
    )
    try:
        serve(service, Classifier.load(model, threads=workers), stopper)
    except Hung:
        start_again(stopper)
    # A thread that hangs in a decoder would keep the interpreter from ending.
    logging.shutdown()
    os._exit(0)


def _train_first(model: Path) -> None:
    """Train in a process of its own: this one is to run for months without TensorFlow."""
    command = [sys.executable, "-P", "-m", "digitdrop", "train", "--output", str(model)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own command
        raise ModelError(f"there is no model in {model}, and training one failed (see above)")
