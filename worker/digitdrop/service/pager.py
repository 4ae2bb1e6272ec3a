"""Have the page kept up to date by a process of its own, so that no picture waits for it."""

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
"""What the page is called in an outbox."""

_NOTHING: Final[list[object]] = [[], {}]
_LONGEST: Final = 1 << 20  # bytes: what the worker tells takes less
_PAUSE: Final = 60.0  # seconds after one failed, before the next is started
_LOW_PRIORITY: Final = getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)  # on Windows
_NICEST: Final = 19  # everywhere else
_BACKLOG: Final = 10.0
"""Seconds that the page waits at most for a backlog to be read.

Its process takes 0.3 s of CPU time to start, and a page of nothing but new rows most of a
second: what is saved is a twentieth to a tenth of the time that 10,000 small pictures take.
"""


class Pager:
    """Starts the process that makes the page whenever the page is older than the report."""

    def __init__(
        self,
        *,
        report: Path,
        page: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet.

        Args:
            report: what the page shows.
            page: beside it, in the outbox.
            clock: seconds that never go back.
        """
        self._home = HomeDisk(report.parent)
        self._report = report
        self._page = page
        self._clock = clock
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._behind_since: float | None = None
        """When a backlog began that the page waits for."""
        self._trouble = False
        self._told_at = 0
        self._told: object = _NOTHING
        self._shown: object = _NOTHING
        """What the worker could not do when the page was last made."""

    def look(self, *, more: bool = False) -> None:
        """Have the page made if it is older than the report and nobody is at it.

        Takes some microseconds, or a millisecond where a process is started. Whatever
        goes wrong with the page is told once, and holds up nothing.

        Args:
            more: more is being read; for its end the page waits, but not for long.
        """
        waits = self._waits(more=more)  # in any case: it hears of the end of a backlog
        if self._is_at_it() or waits or self._clock() < self._not_before:
            return
        try:
            told = self._troubles()
            if told != self._shown or _is_older(self._page, self._report):
                self._start()
                self._shown = told
        except OSError as error:
            self._say_once(f"cannot be made: {error}")

    def close(self) -> None:
        """Let go of the process: it shows the last rows, and ends."""
        self.look()
        self._let_go()

    def _let_go(self) -> None:
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

    def _is_at_it(self) -> bool:
        if self._child is None:
            return False
        code = self._child.poll()
        if code is None:
            return True
        self._let_go()
        self._child = None
        if code:
            self._say_once(f"could not be made (exit code {code}); `digitdrop report` says why")
        return False

    def _troubles(self) -> object:
        """Read what the worker cannot do for now, which the page tells as well.

        The file is read only when it has changed.
        """
        path = self._report.with_name(STATUS)
        try:
            at = path.stat().st_mtime_ns
            if at != self._told_at:
                with open_regular(path) as file:
                    found = json.loads(file.read(_LONGEST))
                self._told_at = at
                self._told = [found["deferred"], found["trouble"]]
        except (OSError, ValueError, KeyError):  # it has told nothing yet, or ends
            return self._shown
        return self._told

    def _start(self) -> None:
        # The pipe tells the process when this one has ended, in whatever way.
        command = [sys.executable, "-P", "-m", "digitdrop", "report"]
        command += ["--follow", str(self._home.device)]
        with ignoring_signals():
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--outbox", str(self._report.parent.absolute())],
                cwd=PROGRAM_FOLDER,  # it shall keep no disk busy
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=_LOW_PRIORITY,
            )
        if hasattr(os, "setpriority"):  # by us, since its imports are half of what it costs
            with suppress(OSError):  # a courtesy
                os.setpriority(os.PRIO_PROCESS, self._child.pid, _NICEST)

    def _say_once(self, what: str) -> None:
        self._not_before = self._clock() + _PAUSE
        if not self._trouble:
            logger.warning("the page %s", what)
        self._trouble = True


def _is_older(page: Path, report: Path) -> bool:
    try:
        made = page.stat()
    except FileNotFoundError:
        return True
    try:
        return report.stat().st_mtime_ns > made.st_mtime_ns
    except FileNotFoundError:
        return False
