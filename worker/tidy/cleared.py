"""The note in the outbox that says up to which day `done/` was cleared."""

import logging
from datetime import date
from pathlib import Path
from typing import Final

from worker.disk import sync_folders, write_whole
from worker.errors import Gone, InputError
from worker.load import load

logger = logging.getLogger(__name__)

_NOTE: Final = ".cleared-until"


def cleared_until(outbox: Path) -> date | None:
    """Read up to which day (UTC) pictures may have been cleared; None if none were.

    Raises:
        OSError: the note is there and may not be read.
    """
    try:
        return date.fromisoformat(load(outbox / _NOTE, most=100).decode("ascii").strip())
    except Gone:
        return None
    except (InputError, ValueError) as error:
        if isinstance(error.__cause__, OSError):  # it may well say one
            raise error.__cause__ from None
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
