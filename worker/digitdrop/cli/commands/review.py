"""`digitdrop review`: see, search and correct an outbox in the browser."""

from typing import Annotated

import typer

from digitdrop.cli.options import INBOX, OUTBOX, Inbox, Outbox
from digitdrop.errors import FolderError
from digitdrop.log import logs
from digitdrop.system import search_path


def review(
    outbox: Outbox = OUTBOX,
    inbox: Inbox = INBOX,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than 127.0.0.1 open it to a network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 for any free port.")] = 8765,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and open nothing.")
    ] = False,
    behind_proxy: Annotated[
        str,
        typer.Option(
            metavar="ORIGIN",
            help="Serve only a proxy that sends the token in DIGITDROP_PROXY_TOKEN as "
            "X-Digitdrop-Token; as https://review.example.org.",
        ),
    ] = "",
) -> None:
    """See, search and correct all pictures of an outbox in the browser, until Ctrl-C.

    Example: digitdrop review --outbox results --no-browser
    """
    logs.configure(quiet=True)

    from digitdrop.review.serve import ReviewOptions, serve_review

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    if not outbox.is_dir():
        raise FolderError(f"there is no outbox {outbox}: `digitdrop watch` makes it")
    options = ReviewOptions(
        inbox=inbox,
        outbox=outbox,
        host=host,
        port=port,
        proxy=behind_proxy,
        opens_browser=not (no_browser or behind_proxy),
    )
    serve_review(options, typer.echo)
