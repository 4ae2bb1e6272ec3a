"""Unfinished twins: `seven.png` waits while `seven.png.part` lies beside it.

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
"""Seconds without a change after which an unfinished file holds nothing up any more."""

_State: TypeAlias = tuple[int, ...]


class Twins:
    """Remembers which files have an unfinished one beside them.

    Listings and events name every file that is left alone; only for the few whose
    twin is known the disk is asked whether that is still there.
    """

    def __init__(self, folder: Path, clock: Callable[[], Clocks], *, limit: int = 10_000) -> None:
        """Begin with none.

        Args:
            folder: the inbox.
            clock: tells the time.
            limit: how many unfinished files to remember; one beyond it holds nothing up.
        """
        self._folder = folder
        self._clock = clock
        self._limit = limit
        self._of: dict[str, set[str]] = {}
        self._since: dict[str, tuple[_State, float]] = {}
        self._met: set[str] = set()
        self._told: set[str] = set()

    def note(self, name: str) -> None:
        """Take note of something that is left alone; nothing if it is not unfinished.

        Args:
            name: of a file or folder, relative to the inbox, with `/` between its parts.
        """
        if len(self._met) < self._limit:
            for finished in ignore.finished(name):
                self._of.setdefault(finished, set()).add(name)
                self._met.add(name)

    def hold(self, name: str) -> bool:
        """Say whether a file has an unfinished one beside it that changed within the last hour."""
        return any(self._is_alive(twin, name) for twin in self._of.get(name, ()))

    def end_of_listing(self) -> None:
        """Forget those that were not noted since the last listing ended."""
        kept = {name: twins & self._met for name, twins in self._of.items()}
        self._of = {name: twins for name, twins in kept.items() if twins}
        self._since = {name: since for name, since in self._since.items() if name in self._met}
        self._told &= self._met
        self._met = set()

    def _is_alive(self, twin: str, name: str) -> bool:
        state, now = _state(self._folder / twin), self._clock().monotonic
        if state is None:
            return False
        known = self._since.get(twin)
        if known is None or known[0] != state:
            self._since[twin] = state, now
            return True
        if now - known[1] < STALE:
            return True
        if twin not in self._told:
            self._told.add(twin)
            logger.warning(
                "%s has not changed for an hour: %s is read without waiting for it any longer",
                escape(twin),
                escape(name),
            )
        return False


def twin_of(folder: Path, name: str) -> tuple[str, float] | None:
    """Look for an unfinished file or folder beside a file; None if there is none.

    Args:
        folder: the inbox.
        name: of the file, relative to the inbox.

    Returns:
        Its name, and when it changed last: seconds since the epoch.
    """
    below = name.rpartition("/")[0]
    with suppress(OSError):  # the folder is gone, or may not be listed
        for last in [path.name for path in (folder / below).iterdir()]:
            other = f"{below}/{last}" if below else last
            if name in ignore.finished(other) and (state := _state(folder / other)):
                return other, state[0] / 1e9
    return None


def _state(path: Path) -> _State | None:
    """Tell what changes as an unfinished file, or a folder of one, is written; None if gone."""
    try:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode):
            return status.st_ctime_ns, status.st_size, status.st_mtime_ns, status.st_ino
        with os.scandir(path) as entries:
            stats = [status, *(entry.stat(follow_symlinks=False) for entry in entries)]
    except OSError:
        return None
    return max(one.st_ctime_ns for one in stats), len(stats), sum(one.st_size for one in stats)
