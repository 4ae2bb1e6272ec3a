"""Run a command, and print its progress, tables and errors. Results go to stdout."""

import io
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TextIO

import typer

from digitdrop.cli import usage
from digitdrop.errors import RunBrokeOff, SetupError
from digitdrop.escape import escape
from digitdrop.log import logs
from digitdrop.system import mishaps
from digitdrop.system.processes import allow_ctrl_c
from digitdrop.system.streams import discard_output, written
from digitdrop.values import Reading

STOPPED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as in shells."""

_PAGE = 10_000  # columns where there is no terminal: a program wants each picture on one line
_SPACING = 5.0  # seconds between two lines of progress where there is no terminal
_RECENT = 12  # lines, a minute, that the rate is measured over


def run(app: typer.Typer) -> NoReturn:
    """Run an app; an error that a person must put right becomes one line and an exit code."""
    _spell_out(sys.stdout)
    if mistake := usage.empty(sys.argv[1:]):
        logs.complain(mistake)
        sys.exit(mishaps.COULD_NOT_RUN)
    try:
        code = app(standalone_mode=False) or 0
        sys.stdout.flush()
        sys.exit(code)
    except usage.UsageError as error:
        if mistake := usage.explain_usage_error(error, sys.argv[1:], os.environ):
            logs.complain(mistake)
    except SetupError as error:
        logs.complain(str(error))
        if isinstance(error, RunBrokeOff):
            sys.exit(mishaps.BROKE_OFF)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(STOPPED)
    except BrokenPipeError:
        discard_output(sys.stdout)
        sys.exit(1)  # in silence, as Typer does where it notices that itself
    except Exception as error:
        found = mishaps.explain_mishap(error)
        if not found:
            raise  # a bug: the log gets its traceback
        text, code = found
        discard_output(sys.stdout)
        logs.complain(text)
        sys.exit(code)
    finally:
        written(sys.stderr)
    sys.exit(mishaps.COULD_NOT_RUN)


def _spell_out(stream: TextIO) -> None:
    """Write characters that an encoding lacks as escapes: a file name must stop no command."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def print_table(
    rows: Iterable[Sequence[str]], *, headings: Sequence[str] = (), width: int, bold: bool = False
) -> None:
    """Print a table, as wide as the terminal, if there is one.

    Args:
        rows: cells, as many in each row.
        headings: of the columns; empty for none, and then the first column is not wrapped.
        width: columns of text where there is no terminal.
        bold: print rows bold whose third cell is not `default`.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    view = Table(box=box.SIMPLE_HEAD if headings else box.SIMPLE, show_header=bool(headings))
    for heading in headings or ("", ""):
        view.add_column(heading, overflow="fold", no_wrap=heading in {"", "setting"})
    for row in rows:
        style = "bold" if bold and row[2] != "default" else ""
        view.add_row(*(Text(cell, style=style) for cell in row))
    Console(width=None if sys.stdout.isatty() else width).print(view)


def print_styled(text: str, style: str) -> None:
    """Print a line in a style of Rich, if there is a terminal that shows it."""
    from rich.console import Console
    from rich.text import Text

    Console().print(Text(text, style=style), soft_wrap=True)


def print_readings(readings: Sequence[Reading]) -> None:
    """Print readings as a table."""
    headings = ("file", "prediction", "confidence", "status", "runner-up", "reason")
    print_table(map(_cells, readings), headings=headings, width=_PAGE)


def _cells(reading: Reading) -> tuple[str, ...]:
    verdict = reading.verdict
    return (
        escape(reading.drop.name),
        verdict.prediction or "",
        _share(verdict.confidence),
        verdict.status.in_words,
        f"{verdict.runner_up or ''} {_share(verdict.runner_up_confidence)}".strip(),
        verdict.reason,
    )


def readings_as_dicts(readings: Sequence[Reading]) -> list[dict[str, object]]:
    """Return readings for JSON, with the keys of the report's columns."""
    return [
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
    ]


@contextmanager
def progress(
    total: int, *, quiet: bool, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Show the progress of a run: a bar on a terminal, plain lines elsewhere.

    Args:
        total: number of pictures.
        quiet: show nothing.
        clock: returns monotonic seconds.

    Yields:
        A function that takes the number of pictures done since its last call.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty() and not logs.is_for_machines():
        with _bar(total) as advance:
            yield advance
    else:
        yield _lines(total, clock)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    allow_ctrl_c()  # the bar hides the cursor, so it must be taken down
    rate = TextColumn("{task.fields[rate]}")
    columns = (BarColumn(), MofNCompleteColumn(), rate, TextColumn("time left"), TimeLeft())
    with Progress(*columns, console=Console(stderr=True)) as view:
        task = view.add_task("", total=total, rate="")

        def advance(done: int) -> None:
            speed = view.tasks[0].speed
            view.update(task, advance=done, rate=f"{speed:,.0f} a second" if speed else "")

        yield advance


def _lines(total: int, clock: Callable[[], float]) -> Callable[[int], None]:
    """Return a function that writes a line every five seconds, with the recent rate.

    The clock runs from the first pictures that are done: the time of the start says
    nothing about the rate.
    """
    count = 0
    lines: deque[tuple[float, int]] = deque(maxlen=_RECENT)

    def advance(done: int) -> None:
        nonlocal count
        count += done
        now = clock()
        if lines and now - lines[-1][0] < _SPACING:
            return
        if lines and done:
            since, before = lines[0]
            rate = (count - before) / (now - since)
            left = (total - count) / rate
            logs.say(f"{count:,} of {total:,}, {rate:,.0f} a second, {left:,.0f} s left")
        lines.append((now, count))

    return advance


def _share(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.2f} %"


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)
