"""What people see: progress, tables, errors. Results go to stdout, talk to stderr."""

import io
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TextIO

import typer

from digitdrop.cli import usage
from digitdrop.errors import SetupError
from digitdrop.escape import escape
from digitdrop.log import logs
from digitdrop.system import mishaps
from digitdrop.system.quiet import let_go, written
from digitdrop.system.signals import hear_ctrl_c
from digitdrop.values import Reading

STOPPED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""

_PAGE = 10_000  # columns where there is no terminal: a program wants each picture on one line
_PLAIN = 5.0  # seconds between two lines of progress where there is no terminal
_LATE = 12  # lines that the pace is taken from, a minute


def run(app: typer.Typer) -> NoReturn:
    """Run an app; what a person must put right becomes one line and an exit code above 1."""
    _spell_out(sys.stdout)
    if mistake := usage.empty(sys.argv[1:]):
        logs.complain(mistake)
        sys.exit(mishaps.COULD_NOT_RUN)
    try:
        code = app(standalone_mode=False) or 0
        sys.stdout.flush()
        sys.exit(code)
    except usage.UsageError as error:
        if mistake := usage.told(error, sys.argv[1:], os.environ):
            logs.complain(mistake)
    except SetupError as error:
        logs.complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(STOPPED)
    except BrokenPipeError:
        let_go(sys.stdout)
        sys.exit(1)  # in silence, as Typer does where it notices that itself
    except Exception as error:
        _refused(error)
    finally:
        written(sys.stderr)
    sys.exit(mishaps.COULD_NOT_RUN)


def _refused(error: Exception) -> None:
    """End with one line if the machine refused something.

    Raises:
        Exception: this error, if it is a fault of ours: the log gets its traceback.
    """
    found = mishaps.told(error)
    if not found:
        raise error
    text, code = found
    let_go(sys.stdout)
    logs.complain(text)
    sys.exit(code)


def _spell_out(stream: TextIO) -> None:
    """Have characters that an encoding lacks written as escapes: a name stops no command."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


@contextmanager
def progress(
    total: int, *, quiet: bool, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Show how far a run is: a bar on a terminal, plain lines elsewhere, else nothing."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty() and not logs.is_for_machines():
        with _bar(total) as advance:
            yield advance
    else:
        yield _lines(total, clock)


def table(readings: Sequence[Reading]) -> None:
    """Print readings as a small table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    view = Table(box=box.SIMPLE_HEAD)
    for heading in ("file", "prediction", "confidence", "status", "runner-up", "reason"):
        view.add_column(heading, overflow="fold")
    for reading in readings:
        verdict = reading.verdict
        cells = (
            escape(reading.drop.name),
            verdict.prediction or "",
            _share(verdict.confidence),
            verdict.status,
            f"{verdict.runner_up or ''} {_share(verdict.runner_up_confidence)}".strip(),
            verdict.reason,
        )
        view.add_row(*(Text(cell) for cell in cells))
    Console(width=None if sys.stdout.isatty() else _PAGE).print(view)


def as_json(readings: Sequence[Reading]) -> str:
    """Give readings as a JSON array, with the keys of the report's columns."""
    return json.dumps(
        [
            {
                "file": escape(reading.drop.name),
                "prediction": reading.verdict.prediction,
                "confidence": _rounded(reading.verdict.confidence),
                "status": reading.verdict.status,
                "reason": reading.verdict.reason,
                "runner_up": reading.verdict.runner_up,
                "runner_up_confidence": _rounded(reading.verdict.runner_up_confidence),
                "sha256": reading.sha256,
                "model": reading.model,
            }
            for reading in readings
        ],
        indent=2,
    )


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    hear_ctrl_c()  # the bar must be taken down, for it hides the cursor
    rate = TextColumn("{task.fields[rate]}")
    columns = (BarColumn(), MofNCompleteColumn(), rate, TextColumn("time left"), TimeLeft())
    with Progress(*columns, console=Console(stderr=True)) as view:
        task = view.add_task("", total=total, rate="")

        def advance(done: int) -> None:
            speed = view.tasks[0].speed
            view.update(task, advance=done, rate=f"{speed:,.0f} a second" if speed else "")

        yield advance


def _lines(total: int, clock: Callable[[], float]) -> Callable[[int], None]:
    """Tell every few seconds how far a run is, and how long it will take at its pace of late.

    The clock runs from the first pictures that are done: how long a start takes says
    nothing of those that follow.
    """
    count = 0
    told: deque[tuple[float, int]] = deque(maxlen=_LATE)

    def advance(done: int) -> None:
        nonlocal count
        count += done
        now = clock()
        if told and now - told[-1][0] < _PLAIN:
            return
        if told and done:
            since, before = told[0]
            rate = (count - before) / (now - since)
            left = (total - count) / rate
            logs.say(f"{count:,} of {total:,}, {rate:,.0f} a second, {left:,.0f} s left")
        told.append((now, count))

    return advance


def _share(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.2f} %"


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)
