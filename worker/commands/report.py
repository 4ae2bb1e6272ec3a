"""`digitdrop report`: the page that people look at."""

import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from worker import search_path
from worker.errors import FolderError
from worker.options import NEWEST, OUTBOX, Newest, Outbox


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
    from worker.deaf import stay_deaf
    from worker.mounts import HomeDisk
    from worker.page.follow import follow as keep_up
    from worker.page.make import Maker
    from worker.pager import PAGE

    search_path.check(outbox=outbox)
    if not outbox.is_dir():
        raise FolderError(f"there is no outbox {outbox}: `digitdrop watch` makes it")
    page = output or outbox / PAGE
    maker = Maker(outbox=outbox, output=page, newest=newest, home=HomeDisk(outbox, follow))
    try:
        if follow is not None:
            stay_deaf()  # the end of the parent counts
            keep_up(maker, sys.stdin.fileno())
            return
        made = maker.make(now=datetime.now(UTC), patience=math.inf)
    except OSError as error:
        raise FolderError(f"cannot make {page}: {error.strerror or error}") from error
    typer.echo(f"{page}: {made}")
