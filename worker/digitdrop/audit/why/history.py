"""Find the rows of one picture in the report, and the picture of a row in its folder."""

import re
import stat
from collections.abc import Iterable, Iterator
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
    """Find the rows of a picture, oldest first, with the corrections that followed.

    A known content decides; the name then only chooses among the rows of that content.
    A name without a folder also finds pictures of that name in folders, if no picture has
    exactly that name.

    Args:
        lines: of the report, with headers; read as a stream.
        name: as dropped, or as in the outbox, where it may contain the row's id.
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
    for row_id, row in found:  # a correction comes after the row that it corrects
        if row.corrects in chosen:
            chosen.add(row_id)
    return [(row_id, row) for row_id, row in found if row_id in chosen]


def picture_of(inbox: Path, outbox: Path, recorded: Recorded) -> Path | None:
    """Find the picture of a row in `done/`, `review/` or `failed/`, or in `.too-large/`.

    None if it is not there.
    """
    row_id, row = recorded
    if not row.name:
        return None
    drop = Drop(id=row_id, path=Path(row.name), name=row.name)
    folder = archive_folder(outbox, row.status, row.time.astimezone(UTC))
    aside = inbox / TOO_LARGE / folder.name
    paths = [*archive_names(drop, folder), *archive_names(drop, aside)]
    for path in reversed(paths):  # names with the id first: they belong to no other row
        if _is_file(path) and (row_id in path.name or _has_content(path, row.sha256)):
            return path
    return None


def _has_content(path: Path, sha256: str) -> bool:
    """Return True if a file may be that of a row; a row of a too large file has no digest."""
    return not sha256 or Digests().of(path) in {sha256, ""}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _candidates(lines: Iterable[bytes], name: str, sha256: str) -> Iterator[Recorded]:
    """Yield the rows of a content, or of similar names; most lines are not even split.

    The longest part of letters and digits is written in a cell as it is, whatever is escaped.
    """
    parts = re.findall(r"[^\W_]+", printable(PurePosixPath(name).name))
    wanted = (sha256 or max(parts, key=len, default="")).encode()
    for row_id, row in search((line for line in lines if wanted in line), None):
        if row.is_whole and (not sha256 or row.sha256 == sha256):
            yield row_id, row
