"""What the report says of one picture, and where that picture lies by now."""

import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from digitdrop.escape import printable
from digitdrop.intake.claim_names import ROW_ID
from digitdrop.outbox.archive import TOO_LARGE, archive_folder, archive_names
from digitdrop.outbox.inventory import Digests
from digitdrop.outbox.row import Row, search
from digitdrop.values import Drop

Recorded: TypeAlias = tuple[str, Row]
"""A row with its id."""


def rows_about(lines: Iterable[bytes], *, name: str, sha256: str = "") -> list[Recorded]:
    """Find the rows of a picture, oldest first, the corrections that followed among them.

    Where the content is known it decides, and the name only among rows of that content.
    A name without a folder finds pictures of that name in any folder, if none has
    exactly that name.

    Args:
        lines: of the report, headers too; read as a stream.
        name: as dropped, or as on a shelf, where it may hold the row's id.
        sha256: of the content, in hex; empty if it is not known.
    """
    found = list(_candidates(lines, name, sha256))
    base = PurePosixPath(name).name
    key = ROW_ID.search(base)
    choices = (
        [row_id for row_id, _ in found if key and row_id == key[0]],
        [row_id for row_id, row in found if row.name == name],
        [row_id for row_id, row in found if PurePosixPath(row.name).name == base == name],
        [row_id for row_id, _ in found if sha256],
    )
    chosen = set(next(filter(None, choices), ()))
    for row_id, row in found:  # a correction is written after what it corrects
        if row.corrects in chosen:
            chosen.add(row_id)
    return [(row_id, row) for row_id, row in found if row_id in chosen]


def lies_at(inbox: Path, outbox: Path, recorded: Recorded) -> Path | None:
    """Find the picture of a row on its shelf, or where it lies if it was too large for that.

    None if it is not there.
    """
    row_id, row = recorded
    if not row.name:
        return None
    drop = Drop(id=row_id, path=Path(row.name), name=row.name)
    target = archive_folder(outbox, row.status, row.time.astimezone(UTC))
    aside = inbox / TOO_LARGE / target.name
    places = [*archive_names(drop, target), *archive_names(drop, aside)]
    for path in reversed(places):  # by its id first: that name can be nobody else's
        if _is_file(path) and (row_id in path.name or _is_content(path, row.sha256)):
            return path
    return None


def _is_content(path: Path, sha256: str) -> bool:
    """Say whether a file may be that of a row; one that was too large tells no content."""
    return not sha256 or Digests().of(path) in {sha256, ""}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _candidates(lines: Iterable[bytes], name: str, sha256: str) -> Iterator[Recorded]:
    """Yield rows of the content, or whose name may do; most lines are not even split."""
    wanted = (sha256 or max(_plain(name), key=len, default="")).encode()
    for row_id, row in search((line for line in lines if wanted in line), None):
        if row.is_whole and (not sha256 or row.sha256 == sha256):
            yield row_id, row


def _plain(name: str) -> Sequence[str]:
    """Give the parts of a name that stand in its cell as they are, however that is written."""
    return re.findall(r"[^\W_]+", printable(PurePosixPath(name).name))
