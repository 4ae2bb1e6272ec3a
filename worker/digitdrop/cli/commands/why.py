"""`digitdrop why`: the row of one picture, or the reason why it has none."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitdrop.cli.console import print_json
from digitdrop.cli.options import INBOX, OUTBOX, AsJson, Inbox, Outbox
from digitdrop.errors import FolderError
from digitdrop.escape import printable
from digitdrop.system import search_path
from digitdrop.values import iso

if TYPE_CHECKING:
    from digitdrop.audit.why.diagnosis import Diagnosis
    from digitdrop.audit.why.trace import Trace


def why(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A picture, wherever it lies, or its name as it was dropped; "
            "it need not be there any more.",
        ),
    ],
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    as_json: AsJson = False,
) -> None:
    """Show the row of a picture, or the reason why it has none; exit code 1 if it needs a person.

    Example: digitdrop why holiday/photo.jpg
    """
    from digitdrop.audit.why.diagnose import diagnose
    from digitdrop.audit.why.trace import trace

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    try:
        seen = trace(file, inbox, outbox, datetime.now(UTC))
    except OSError as error:
        raise FolderError(f"cannot look at {error.filename}: {error.strerror}") from error
    answer = diagnose(seen)
    if as_json:
        print_json(_as_dict(seen, answer))
    else:
        typer.echo(f"{printable(seen.location.name)}: {answer.text}")
        if answer.to_do:
            typer.echo(f"To do: {answer.to_do}")
    raise typer.Exit(int(answer.needs_person))


def _as_dict(seen: "Trace", answer: "Diagnosis") -> dict[str, object]:
    path = seen.archived or seen.location.path
    return {
        "file": printable(seen.location.name),
        "answer": answer.kind,
        "needs_person": answer.needs_person,
        "text": answer.text,
        "to_do": answer.to_do,
        "place": seen.location.place,
        "path": str(path) if path else None,
        "in_hand_since": iso(seen.location.since) if seen.location.since else None,
        "rows": [
            {
                "id": row_id,
                "time": iso(row.time),
                "file": row.file,
                "prediction": row.prediction,
                "confidence": row.confidence,
                "status": row.status,
                "reason": row.reason,
                "model": row.model,
            }
            for row_id, row in seen.rows
        ],
        "worker": seen.holder,
        "time": iso(seen.now),
    }
