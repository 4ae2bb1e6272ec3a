"""The process that keeps the page up to date, so that no picture waits for the page."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.files.mounts import HomeDisk
from digitdrop.files.regular import open_regular
from digitdrop.health.worker_status import STATUS
from digitdrop.system.processes import ignoring_signals
from digitdrop.system.search_path import PROGRAM_FOLDER

logger = logging.getLogger(__name__)

PAGE: Final = "report.html"
"""Name of the page in an outbox."""

_NOTHING: Final[list[object]] = [[], {}]
_LONGEST: Final = 1 << 20  # bytes: more than the worker's status takes
_PAUSE: Final = 60.0  # seconds between a failed process and the next one
_LOW_PRIORITY: Final = getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)  # on Windows
_NICEST: Final = 19  # everywhere else
_BACKLOG: Final = 10.0
"""Longest delay of the page, in seconds, while a backlog is read.

The process takes 0.3 s of CPU time to start, and a page of new rows only almost a second:
the delay saves 5-10 % of the time for 10,000 small pictures.
"""


class Pager:
    """Starts a process whenever the page is older than the report."""

    def __init__(
        self,
        *,
        report: Path,
        page: Path,
        home: HomeDisk,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet.

        Args:
            report: the rows of the page.
            page: beside it, in the outbox.
            home: disk of the outbox.
            clock: monotonic seconds.
        """
        self._home = home
        self._report = report
        self._page = page
        self._clock = clock
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._behind_since: float | None = None
        """Begin of the backlog that the page waits for."""
        self._has_warned = False
        self._outages_at = 0
        self._outages: object = _NOTHING
        self._shown: object = _NOTHING
        """Outages of the worker when the page was last made."""

    def look(self, *, more: bool = False) -> None:
        """Start a process if the page is older than the report and no process is running.

        Takes some microseconds, or a millisecond to start a process. An error of the page is
        logged once, and delays nothing.

        Args:
            more: True while a backlog is read; the page waits for its end, 10 s at most.
        """
        waits = self._waits(more=more)  # always called: it keeps the begin of the backlog
        if self._is_running() or waits or self._clock() < self._not_before:
            return
        try:
            outages = self._read_outages()
            if outages != self._shown or _is_older(self._page, self._report):
                self._start()
                self._shown = outages
        except OSError as error:
            self._warn_once(f"cannot be made: {error}")

    def close(self) -> None:
        """Let the process add the last rows and end."""
        self.look()
        self._release()

    def _release(self) -> None:
        if self._child and self._child.stdin:
            self._child.stdin.close()

    def _waits(self, *, more: bool) -> bool:
        if not more:
            self._behind_since = None
            return False
        now = self._clock()
        if self._behind_since is None:
            self._behind_since = now
        return now - self._behind_since < _BACKLOG

    def _is_running(self) -> bool:
        if self._child is None:
            return False
        code = self._child.poll()
        if code is None:
            return True
        self._release()
        self._child = None
        if code:
            self._warn_once(f"could not be made (exit code {code}): run `digitdrop report`")
        return False

    def _read_outages(self) -> object:
        """Read the outages of the worker, which the page shows, if their file has changed."""
        path = self._report.with_name(STATUS)
        try:
            at = path.stat().st_mtime_ns
            if at != self._outages_at:
                with open_regular(path) as file:
                    found = json.loads(file.read(_LONGEST))
                self._outages_at = at
                self._outages = [found["deferred"], found["trouble"]]
        except (OSError, ValueError, KeyError):  # not written yet, or removed at the end
            return self._shown
        return self._outages

    def _start(self) -> None:
        # The pipe closes when this process ends, in whatever way; then the child ends as well.
        command = [sys.executable, "-P", "-m", "digitdrop", "report"]
        command += ["--follow", str(self._home.device)]
        with ignoring_signals():
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--outbox", str(self._report.parent.absolute())],
                cwd=PROGRAM_FOLDER,  # so that no disk is kept busy
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=_LOW_PRIORITY,
            )
        if hasattr(os, "setpriority"):  # from here: the imports of the child are half of its cost
            with suppress(OSError):  # a courtesy
                os.setpriority(os.PRIO_PROCESS, self._child.pid, _NICEST)

    def _warn_once(self, problem: str) -> None:
        self._not_before = self._clock() + _PAUSE
        if not self._has_warned:
            logger.warning("the page %s", problem)
        self._has_warned = True


def _is_older(page: Path, report: Path) -> bool:
    try:
        made = page.stat()
    except FileNotFoundError:
        return True
    try:
        return report.stat().st_mtime_ns > made.st_mtime_ns
    except FileNotFoundError:
        return False
