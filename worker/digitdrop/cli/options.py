"""The options that commands share, each with its one default.

A setting comes from its option, else from its environment variable, else from
the constant here.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from digitdrop.cli.quantities import age, rotation, seconds
from digitdrop.inference import shipped
from digitdrop.log import logs
from digitdrop.log.logs import LogFormat
from digitdrop.outbox.rotation import Rotation
from digitdrop.system.cores import cores
from digitdrop.values import ANY_COUNT, DigitCount, Limits

Amount = TypeVar("Amount")

MODEL: Final = shipped.MODEL
INBOX: Final = Path("inbox")
OUTBOX: Final = Path("outbox")
SETTLE: Final = 2.0
MAX_WAIT: Final = 60.0
WORKERS: Final = cores()
LIMITS: Final = Limits()
DIGITS: Final = ANY_COUNT
LOG_FORMAT: Final = LogFormat.TEXT
NEWEST: Final = 2_000
"""A page of 2 MB, which any browser opens at once."""

Inbox = Annotated[
    Path, typer.Option(envvar="DIGITDROP_INBOX", help="Folder where pictures are dropped.")
]
Outbox = Annotated[
    Path, typer.Option(envvar="DIGITDROP_OUTBOX", help="Folder for the report and the pictures.")
]
Model = Annotated[
    Path,
    typer.Option(envvar="DIGITDROP_MODEL", help="Folder with digits.tflite and digits.json."),
]
Poll = Annotated[
    bool,
    typer.Option("--poll", envvar="DIGITDROP_POLL", help="List the inbox: for network shares."),
]
Workers = Annotated[
    int,
    typer.Option(min=1, max=1024, envvar="DIGITDROP_WORKERS", help="Pictures read at a time."),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        min=1,
        max=10**12,
        envvar="DIGITDROP_MAX_PIXELS",
        help="Larger pictures are not read. A JPEG counts as it is decoded: a large one at 1/8.",
    ),
]
MaxBytes = Annotated[
    int,
    typer.Option(
        min=1, max=10**12, envvar="DIGITDROP_MAX_BYTES", help="Longer files are not read."
    ),
]


def _typed(read: Callable[[str], Amount]) -> Callable[[str], Amount]:
    """Tell of a value that cannot be read in the words of its reader."""

    def parse(text: str) -> Amount:
        try:
            return read(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return parse


def _offering(*values: str) -> Callable[[str], list[str]]:
    """Complete to some of the values that an option may have, for those who press Tab."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete


Digits = Annotated[
    DigitCount,
    typer.Option(
        parser=_typed(DigitCount.parse),
        metavar="N|N-M",
        autocompletion=_offering("1", "1-8"),
        envvar="DIGITDROP_DIGITS",
        help="How many digits the number in a picture may have, 1 to 8: as 5, or 2-4.",
    ),
]
Settle = Annotated[
    float,
    typer.Option(
        parser=_typed(seconds),
        metavar="SECONDS",
        envvar="DIGITDROP_SETTLE",
        help="Seconds a file must be unchanged.",
    ),
]
MaxWait = Annotated[
    float,
    typer.Option(
        parser=_typed(seconds),
        metavar="SECONDS",
        envvar="DIGITDROP_MAX_WAIT",
        help="Seconds to wait, without a change, for the rest of a picture that ends too early.",
    ),
]
KeepDone = Annotated[
    timedelta | None,
    typer.Option(
        parser=_typed(age),
        metavar="AGE",
        autocompletion=_offering("12h", "30d", "2w"),
        envvar="DIGITDROP_KEEP_DONE",
        help="Delete pictures from done/ after that time, as 12h, 30d or 2w; rows stay. "
        "Never, unless asked for.",
    ),
]
Rotate = Annotated[
    Rotation | None,
    typer.Option(
        parser=_typed(rotation),
        metavar="WHEN",
        autocompletion=_offering("day", "month", "100MB"),
        envvar="DIGITDROP_ROTATE",
        help="Begin a new report each day or month (UTC), or before one passes a size: "
        "day, month, 100MB. Never, unless asked for.",
    ),
]
Page = Annotated[
    bool,
    typer.Option(
        "--page/--no-page",
        envvar="DIGITDROP_PAGE",
        help="Keep report.html in the outbox up to date.",
    ),
]
Newest = Annotated[
    int,
    typer.Option(
        min=1,
        max=20_000,
        envvar="DIGITDROP_NEWEST",
        help="Rows that the page shows; the others are counted.",
    ),
]
Metrics = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="DIGITDROP_METRICS",
        help="Write figures for Prometheus here, for the node exporter's textfile collector.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="DIGITDROP_QUIET", help="Tell only of trouble.")
]
LogFormatted = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        envvar=logs.VARIABLE,
        help="Write the log for people, or one JSON object a line for machines.",
    ),
]
