"""Notes in the outbox: one date or time in a file, which a power cut cannot tear."""

import logging
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Final, TypeVar

from digitdrop.files.disk import sync_folders, write_whole
from digitdrop.files.regular import open_regular

logger = logging.getLogger(__name__)

CLEARED: Final = ".cleared-until"
"""Name of the note with the last day (UTC) of which pictures may be deleted."""

_LONGEST: Final = 100  # bytes: far more than a time takes

Moment = TypeVar("Moment", date, datetime)


def read_note(path: Path, parse: Callable[[str], Moment]) -> Moment | None:
    """Return the value of a note; None without a note, or if it cannot be parsed.

    Args:
        path: the note.
        parse: raises ValueError for an invalid text.

    Raises:
        OSError: the note cannot be read.
    """
    try:
        with open_regular(path) as file:
            return parse(file.read(_LONGEST).decode("ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("%s holds no valid date, so it is ignored", path)
        return None


def write_note(path: Path, value: date) -> None:
    """Write a note; once this returns, a power cut cannot undo it.

    Raises:
        OSError: the disk is full, read-only or failing.
    """
    content = f"{value.isoformat()}\n".encode()
    write_whole(path, content, aside=path.with_name(f"{path.name}.part"))
    sync_folders([path.parent])


def cleared_until(outbox: Path) -> date | None:
    """Return the last day (UTC) of which pictures may be deleted; None if none were."""
    return read_note(outbox / CLEARED, date.fromisoformat)
