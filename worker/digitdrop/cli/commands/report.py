"""`digitdrop report`: make the page of the report."""

import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from digitdrop.cli.options import NEWEST, OUTBOX, Newest, Outbox
from digitdrop.errors import FolderError
from digitdrop.system import search_path


def report(
    outbox: Outbox = OUTBOX,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", dir_okay=False, help="The page; report.html in the outbox by default."
        ),
    ] = None,
    newest: Newest = NEWEST,
    follow: Annotated[int | None, typer.Option(metavar="DEVICE", hidden=True)] = None,
) -> None:
    """Make a page of the report and its pictures, to be opened in any browser.

    Example: digitdrop report --outbox results --output friday.html
    """
    from digitdrop.files.mounts import HomeDisk
    from digitdrop.page.follow import follow as keep_up
    from digitdrop.page.make import Maker
    from digitdrop.service.pager import PAGE
    from digitdrop.system.processes import ignore_signals

    search_path.refuse_program_folders(outbox=outbox)
    if not outbox.is_dir():
        raise FolderError(f"there is no outbox {outbox}: `digitdrop watch` makes it")
    page = output or outbox / PAGE
    maker = Maker(outbox=outbox, output=page, newest=newest, home=HomeDisk(outbox, follow))
    try:
        if follow is not None:
            ignore_signals()  # the end of the parent counts
            keep_up(maker, sys.stdin.fileno())
            return
        made = maker.make(now=datetime.now(UTC), timeout=math.inf)
    except OSError as error:
        raise FolderError(f"cannot make {page}: {error.strerror or error}") from error
    typer.echo(f"{page}: {made}")
