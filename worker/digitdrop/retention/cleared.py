"""The note in the outbox that says up to which day `done/` was cleared."""

import logging
from datetime import date
from pathlib import Path
from typing import Final

from digitdrop.files.disk import sync_folders, write_whole
from digitdrop.files.regular import open_regular

logger = logging.getLogger(__name__)

_NOTE: Final = ".cleared-until"
_LONGEST: Final = 100  # bytes: far more than a day takes


def cleared_until(outbox: Path) -> date | None:
    """Read up to which day (UTC) pictures may have been cleared; None if none were."""
    try:
        with open_regular(outbox / _NOTE) as file:
            return date.fromisoformat(file.read(_LONGEST).decode("ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("%s says no day, so it is passed over", outbox / _NOTE)
        return None


def note(outbox: Path, day: date) -> None:
    """Note a day; once this returns, a power cut cannot take the note back.

    Raises:
        OSError: the disk is full, read-only or failing.
    """
    content = f"{day.isoformat()}\n".encode()
    write_whole(outbox / _NOTE, content, aside=outbox / f"{_NOTE}.part")
    sync_folders([outbox])
