"""The options that commands share, each with its one default.

A setting comes from its option, else from its environment variable, else from
the constant here.
"""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from worker.values import Limits

MODEL: Final = Path(__file__).resolve().parent.parent / "models"
"""The model that ships with the project."""
INBOX: Final = Path("inbox")
OUTBOX: Final = Path("outbox")
SETTLE: Final = 2.0
MAX_WAIT: Final = 60.0
WORKERS: Final = os.cpu_count() or 1
LIMITS: Final = Limits()

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
Settle = Annotated[
    float,
    typer.Option(min=0, envvar="DIGITDROP_SETTLE", help="Seconds a file must be unchanged."),
]
MaxWait = Annotated[
    float,
    typer.Option(
        min=0,
        envvar="DIGITDROP_MAX_WAIT",
        help="Seconds to wait, without a change, for the rest of a picture that ends too early.",
    ),
]
Poll = Annotated[
    bool,
    typer.Option("--poll", envvar="DIGITDROP_POLL", help="List the inbox: for network shares."),
]
Workers = Annotated[
    int, typer.Option(min=1, envvar="DIGITDROP_WORKERS", help="Pictures read at a time.")
]
MaxPixels = Annotated[
    int,
    typer.Option(min=1, envvar="DIGITDROP_MAX_PIXELS", help="Larger pictures are not read."),
]
MaxBytes = Annotated[
    int, typer.Option(min=1, envvar="DIGITDROP_MAX_BYTES", help="Longer files are not read.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="DIGITDROP_QUIET", help="Tell only of trouble.")
]
