"""Thin commands. What a command needs is imported inside it, so that `--help` is instant."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from worker import console
from worker.errors import ModelError, SetupError
from worker.options import (
    INBOX,
    LIMITS,
    MAX_WAIT,
    MODEL,
    OUTBOX,
    SETTLE,
    WORKERS,
    Inbox,
    MaxBytes,
    MaxPixels,
    MaxWait,
    Model,
    Outbox,
    Poll,
    Quiet,
    Settle,
    Workers,
)
from worker.values import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.classify import Classifier
    from worker.evaluate import Marked
    from worker.stopper import Stopper

app = typer.Typer(
    name="digitdrop",
    help="Drop pictures of handwritten digits into a folder; read the answers in a CSV.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def watch(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    model: Model = MODEL,
    settle: Settle = SETTLE,
    max_wait: MaxWait = MAX_WAIT,
    poll: Poll = False,
    workers: Workers = WORKERS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    train: Annotated[
        bool, typer.Option("--train", help="If there is no model, train one first.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Read whatever is dropped into the inbox, until stopped: the service.

    Example: digitdrop watch --inbox scans --outbox results
    """
    from worker.classify import Classifier
    from worker.daemon import Service, serve
    from worker.readers import Hung

    console.configure_logging(quiet=quiet)
    stopper = _stopper()
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
    )
    try:
        serve(service, Classifier.load(model, threads=workers), stopper)
    except Hung:
        _start_again()
    # A thread that hangs in a decoder would keep the interpreter from ending.
    logging.shutdown()
    os._exit(0)


@app.command()
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
) -> None:
    """Read files and folders once; run again, it goes on where it stopped.

    Example: digitdrop batch scans --report scans.csv
    """
    from worker.batch import batch as run_batch
    from worker.classify import Classifier
    from worker.readers import Hung
    from worker.sources import count

    console.configure_logging(quiet=True)
    classifier = Classifier.load(model, threads=workers)
    stopper = _stopper()
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
        _start_again()
    typer.echo(summary)
    if summary.was_stopped:
        sys.stdout.flush()
        os._exit(130)  # as in `watch`
    raise typer.Exit(int(summary.failed))


@app.command()
def predict(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", exists=True, dir_okay=False, help="Pictures."),
    ],
    model: Model = MODEL,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    explain: Annotated[
        Path | None, typer.Option(help="Draw how each picture was read into this PNG.")
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


@app.command()
def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Pictures in folders named by what they show: DIR/.../7/PICTURE.",
        ),
    ],
    others: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Pictures that show no single digit; may be given several times.",
        ),
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw charts and the worst mistakes here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    model: Model = MODEL,
    workers: Workers = WORKERS,
    max_pixels: MaxPixels = LIMITS.pixels,
    max_bytes: MaxBytes = LIMITS.bytes,
    quiet: Quiet = False,
) -> None:
    """Measure how well pictures are read whose digits are known; nothing is recorded.

    Example: digitdrop evaluate scans --plots charts
    """
    from worker import scores
    from worker.classify import Classifier
    from worker.evaluate import mark, tasks

    console.configure_logging(quiet=True)
    draw = _charts() if plots else None
    classifier = Classifier.load(model, threads=workers)
    limits = Limits(pixels=max_pixels, bytes=max_bytes)
    asked = tasks(folder, others or [])
    with console.progress(len(asked), quiet=quiet) as progress:
        reading = mark(asked, classifier, limits=limits, workers=workers, progress=progress)
        marked = list(reading)
    found = scores.score(classifier.name, marked)
    if plots and draw:
        draw(marked, plots, classifier, limits)
    if as_json:
        typer.echo(scores.as_json(found))
    else:
        scores.show(found)


@app.command()
def verify(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reconcile inbox, claimed files and outbox with the report: is every picture there?

    Example: digitdrop verify --inbox scans --outbox results
    """
    from worker.daemon import REPORT
    from worker.verify import verify as reconcile

    account = reconcile(inbox, outbox, outbox / REPORT)
    typer.echo(json.dumps(account.as_dict(), indent=2) if as_json else account)
    raise typer.Exit(int(not account.is_complete))


def _stopper() -> "Stopper":
    from worker.stopper import Stopper

    stopper = Stopper()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopper.stop())
    return stopper


def _charts() -> "Callable[[Sequence[Marked], Path, Classifier, Limits], None]":
    try:
        from worker.charts import draw
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("matplotlib"):
            raise
        raise SetupError("--plots needs matplotlib: pip install matplotlib") from error
    return draw


def _train_first(model: Path) -> None:
    """Train in a process of its own: this one is to run for months without TensorFlow."""
    command = [sys.executable, "-m", "digitdrop", "train", "--output", str(model)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own command
        raise ModelError(f"there is no model in {model}, and training one failed (see above)")


def _start_again() -> NoReturn:
    """Become a new process: a thread cannot be stopped, and a fresh start sets its file aside."""
    logging.getLogger(__name__).error("a picture never ends: starting anew, to set it aside")
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
