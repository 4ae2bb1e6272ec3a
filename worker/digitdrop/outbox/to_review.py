"""The number of pictures that wait for a person; status, metrics and page use this count."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.files.tree import walk
from digitdrop.intake import ignore
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, TOO_LARGE, is_day
from digitdrop.values import Status

_FOLDERS: Final = (ARCHIVE_FOLDERS[Status.UNCERTAIN], ARCHIVE_FOLDERS[Status.UNREADABLE])


def count_to_review(outbox: Path, inbox: Path | None = None) -> dict[str, int]:
    """Count the pictures that still lie where the worker filed them for a person.

    Args:
        outbox: folder with `review/` and `failed/`.
        inbox: folder with the files too large for the archive; None if unknown.

    Returns:
        Pictures in `review/DAY/` and in `failed/DAY/`. Pictures that a person moved elsewhere,
        also into `review/7/`, are done. A folder that cannot be listed counts as empty.
    """
    review, failed = (outbox / folder for folder in _FOLDERS)
    aside = _count(inbox / TOO_LARGE) if inbox else 0
    return {review.name: _count(review), failed.name: _count(failed) + aside}


def _count(folder: Path) -> int:
    total = 0
    with suppress(OSError):
        for name, entry in walk(folder):
            day, _, below = name.partition("/")
            is_filed = below and is_day(day) and not ignore.by_path(name)
            total += bool(is_filed) and entry.is_file(follow_symlinks=False)
    return total
