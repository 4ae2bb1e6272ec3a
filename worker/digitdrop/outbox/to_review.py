"""How many pictures wait for a person to look at them: the one count that all tell."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.files.tree import walk
from digitdrop.intake import ignore
from digitdrop.outbox.archive import SHELVES, TOO_LARGE, is_day
from digitdrop.values import Status

_SHELVES: Final = (SHELVES[Status.UNCERTAIN], SHELVES[Status.UNREADABLE])


def count_to_review(outbox: Path, inbox: Path | None = None) -> dict[str, int]:
    """Count the pictures that still lie where the worker filed them for a person.

    Args:
        outbox: the folder.
        inbox: where those lie that were too large to be filed; None if it is not known.

    Returns:
        Pictures in `review/DAY/` and in `failed/DAY/`; those that a person moved elsewhere,
        into `review/7/` too, are dealt with. What cannot be listed counts nothing.
    """
    review, failed = (outbox / shelf for shelf in _SHELVES)
    aside = _count(inbox / TOO_LARGE) if inbox else 0
    return {review.name: _count(review), failed.name: _count(failed) + aside}


def _count(shelf: Path) -> int:
    total = 0
    with suppress(OSError):
        for name, entry in walk(shelf):
            day, _, below = name.partition("/")
            is_filed = below and is_day(day) and not ignore.by_path(name)
            total += bool(is_filed) and entry.is_file(follow_symlinks=False)
    return total
