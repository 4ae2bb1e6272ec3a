"""The note in the outbox that says up to which day `done/` was cleared."""

import logging
import os
from datetime import date
from pathlib import Path
from typing import Final

from worker.disk import sync_folders

logger = logging.getLogger(__name__)

_NOTE: Final = ".cleared-until"


def cleared_until(outbox: Path) -> date | None:
    """Read up to which day (UTC) pictures may have been cleared; None if none were."""
    try:
        text = (outbox / _NOTE).read_text(encoding="ascii").strip()
        return date.fromisoformat(text)
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("%s says no day, so it is passed over", outbox / _NOTE)
        return None


def note(outbox: Path, day: date) -> None:
    """Note a day; once this returns, a power cut cannot take the note back.

    It is written aside and renamed, so that there is always a whole one.

    Raises:
        OSError: the disk is full, read-only or failing.
    """
    aside = outbox / f"{_NOTE}.part"
    with aside.open("w", encoding="ascii") as file:
        file.write(f"{day.isoformat()}\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(outbox / _NOTE)
    sync_folders([outbox])
