"""Where the pictures of rows lie: looked up by the names that `shelve` gives, never by walking."""

import stat
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from digitdrop.outbox.archive import archive_folder, archive_names
from digitdrop.outbox.inventory import Digests
from digitdrop.page.tally import TimedRow
from digitdrop.values import Drop


def find_pictures(outbox: Path, entries: Sequence[TimedRow], digests: Digests) -> dict[str, Path]:
    """Find the pictures of rows on their shelves, at most four looks each.

    A picture that has no id in its name goes to the newest row that it may belong to;
    where several rows of a day share the name, to one with its content.

    Args:
        outbox: the folder with the shelves.
        entries: newest first.
        digests: remembers what was read to tell such pictures apart.

    Returns:
        The paths of those that are there, by id.
    """
    names_of = {entry.id: _names(outbox, entry) for entry in entries}
    shared = Counter(found[0] for found in names_of.values() if found)
    paths: dict[str, Path] = {}
    taken: set[Path] = set()
    for entry in entries:
        for path in reversed(names_of[entry.id]):
            is_its_own = entry.id in path.name or shared[path] == 1
            if path in taken or not _is_file(path):
                continue
            sha256 = entry.row.sha256
            if is_its_own or not sha256 or digests.of(path) in {sha256, ""}:
                paths[entry.id] = path
                taken.add(path)
                break
    return paths


def _names(outbox: Path, entry: TimedRow) -> list[Path]:
    """Give the names that a picture may have, the one without its row's id first."""
    name = entry.row.name
    if not name:
        return []
    drop = Drop(id=entry.id, path=Path(name), name=name)
    return list(
        archive_names(drop, archive_folder(outbox, entry.row.status, entry.time.astimezone(UTC)))
    )


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False
