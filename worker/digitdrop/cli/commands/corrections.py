"""`digitdrop corrections`: corrected pictures as a labelled folder."""

from pathlib import Path
from typing import Annotated

import typer

from digitdrop.cli.options import OUTBOX, Outbox
from digitdrop.errors import FolderError
from digitdrop.system import search_path


def corrections(
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="DIR",
            file_okay=False,
            help="Where the copies go: DIR/7/PICTURE, or DIR/none/PICTURE.",
        ),
    ],
    outbox: Outbox = OUTBOX,
) -> None:
    """Copy the corrected pictures into folders by their labels, for `evaluate`.

    Example: digitdrop corrections --to checked
    """
    from digitdrop.corrections.export import gather
    from digitdrop.outbox.report import REPORT
    from digitdrop.outbox.rows import Rows

    search_path.refuse_program_folders(outbox=outbox, target=to)
    try:
        gathered = gather(outbox, Rows(outbox / REPORT), to)
    except OSError as error:
        raise FolderError(f"cannot read {error.filename}: {error.strerror}") from error
    typer.echo(gathered)
    raise typer.Exit(int(bool(gathered.missing)))
