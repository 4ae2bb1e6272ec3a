"""Let `seven.png` wait while the unfinished file `seven.png.part` lies beside it.

Browsers keep an empty file in the place of a download, download programs write both at once,
and senders make an unfinished file before they replace an earlier one.
"""

import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.escape import escape
from digitdrop.intake import ignore
from digitdrop.intake.settle import Clocks

logger = logging.getLogger(__name__)

STALE: Final = 3600.0
"""Seconds without a change after which an unfinished file blocks no other file."""

_State: TypeAlias = tuple[int, ...]


class UnfinishedFiles:
    """Remembers which files have an unfinished one beside them.

    Listings and events give the names that are left alone. The disk is read only for a file
    that one of these names may belong to.
    """

    def __init__(self, folder: Path, clock: Callable[[], Clocks], *, limit: int = 10_000) -> None:
        """Start without any file.

        Args:
            folder: the inbox.
            clock: returns the present time.
            limit: largest number of unfinished files to remember; further ones block nothing.
        """
        self._folder = folder
        self._clock = clock
        self._limit = limit
        self._of: dict[str, set[str]] = {}
        self._since: dict[str, tuple[_State, float]] = {}
        self._noted: set[str] = set()
        self._warned: set[str] = set()

    def note(self, name: str) -> None:
        """Remember a file or folder if its name is that of an unfinished one.

        Args:
            name: path relative to the inbox, with `/` between the parts.
        """
        if len(self._noted) < self._limit:
            for final in ignore.final_names(name):
                self._of.setdefault(final, set()).add(name)
                self._noted.add(name)

    def blocks(self, name: str) -> bool:
        """Return True if an unfinished file beside this one changed within the last hour."""
        return any(self._is_alive(other, name) for other in self._of.get(name, ()))

    def end_of_listing(self) -> None:
        """Forget the names that were not noted since the last listing ended."""
        kept = {name: others & self._noted for name, others in self._of.items()}
        self._of = {name: others for name, others in kept.items() if others}
        self._since = {name: since for name, since in self._since.items() if name in self._noted}
        self._warned &= self._noted
        self._noted = set()

    def _is_alive(self, unfinished: str, name: str) -> bool:
        state, now = _state(self._folder / unfinished), self._clock().monotonic
        if state is None:
            return False
        known = self._since.get(unfinished)
        if known is None or known[0] != state:
            self._since[unfinished] = state, now
            return True
        if now - known[1] < STALE:
            return True
        if unfinished not in self._warned:
            self._warned.add(unfinished)
            logger.warning(
                "%s has not changed for an hour: %s is read without waiting for it any longer",
                escape(unfinished),
                escape(name),
            )
        return False


def unfinished_beside(folder: Path, name: str) -> tuple[str, float] | None:
    """Find an unfinished file or folder beside a file; None if there is none.

    Args:
        folder: the inbox.
        name: path of the file relative to the inbox.

    Returns:
        The path of the unfinished file, and the time of its last change in seconds since the
        epoch.
    """
    below = name.rpartition("/")[0]
    with suppress(OSError):  # the folder is gone, or may not be listed
        for last in [path.name for path in (folder / below).iterdir()]:
            other = f"{below}/{last}" if below else last
            if name in ignore.final_names(other) and (state := _state(folder / other)):
                return other, state[0] / 1e9
    return None


def _state(path: Path) -> _State | None:
    """Return numbers that change while the file, or a file in the folder, is written."""
    try:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode):
            return status.st_ctime_ns, status.st_size, status.st_mtime_ns, status.st_ino
        with os.scandir(path) as entries:
            stats = [status, *(entry.stat(follow_symlinks=False) for entry in entries)]
    except OSError:  # it is gone
        return None
    newest = max(each.st_ctime_ns for each in stats)
    return newest, len(stats), sum(each.st_size for each in stats)
