"""The log on stderr: a line for people or a JSON object for machines; repeats are folded."""

import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, TextIO

from worker.repeats import Repeats
from worker.told import iso

logger = logging.getLogger(__name__)

VARIABLE: Final = "DIGITDROP_LOG_FORMAT"

_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
"""Of syslog(3): the journal takes `<N>` at the beginning of a line for it, see sd-daemon(3)."""
_DEBUG: Final = 7
_LONGEST: Final = 60.0  # seconds between two looks for what was held back


class LogFormat(StrEnum):
    """Whom the log is for."""

    TEXT = "text"
    JSON = "json"


def configure(form: LogFormat = LogFormat.TEXT, *, quiet: bool) -> None:
    """Have this process write its log to stderr.

    Args:
        form: for people or for machines.
        quiet: only what somebody should look at.
    """
    in_journal = is_journal(os.environ, sys.stderr)
    inner = Json() if form is LogFormat.JSON else Text(timed=not in_journal)
    formatter = Prioritised(inner) if in_journal else inner
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        handlers=[Folding(sys.stderr, formatter)],
    )
    if form is LogFormat.JSON:
        sys.excepthook = _log_crash
    os.environ[VARIABLE] = form  # for `as_in_parent`


def as_in_parent() -> None:
    """Have a process that was started to read pictures log as its parent does: errors alone."""
    is_json = os.environ.get(VARIABLE) == LogFormat.JSON
    configure(LogFormat.JSON if is_json else LogFormat.TEXT, quiet=True)


def is_for_machines() -> bool:
    """Say whether the log of this process is JSON: then nothing else may stand in it."""
    return sys.excepthook is _log_crash


def is_journal(environment: Mapping[str, str], stream: TextIO) -> bool:
    """Say whether a stream ends in systemd's journal, which stamps each line itself.

    Args:
        environment: where systemd names the journal's end of the stream, as device:inode.
        stream: where the log goes; it may have been redirected since.
    """
    if "JOURNAL_STREAM" not in environment:
        return False
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # no file at all
        return False
    return environment["JOURNAL_STREAM"] == f"{status.st_dev}:{status.st_ino}"


class Text(logging.Formatter):
    """Time in UTC, level, message; in the journal the message alone."""

    def __init__(self, *, timed: bool) -> None:
        """Leave out time and level where each line gets them anyhow."""
        head = "%(asctime)s.%(msecs)03dZ %(levelname)-7s " if timed else ""
        super().__init__(f"{head}%(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Write the line, and how many more there were like it."""
        more = getattr(record, "more", 0)
        return super().formatMessage(record) + (f" (and {more:,} more like it)" if more else "")


class Json(logging.Formatter):
    """One object a line: `time`, `level`, `message`, the keys of `About`, `more`, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        said: dict[str, object] = {
            "time": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "about", {}),
        }
        if more := getattr(record, "more", 0):
            said["more"] = more
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said)


class Prioritised(logging.Formatter):
    """Another format, with systemd's priority before each line."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Name the other format."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Write the line, or the lines of a traceback."""
        priority = _PRIORITIES.get(record.levelno, _DEBUG)
        lines = self._inner.format(record).split("\n")
        return "\n".join(f"<{priority}>{line}" for line in lines)


class Folding(logging.StreamHandler[TextIO]):
    """Writes lines; of those that repeat, some, and then now and then their number."""

    def __init__(
        self,
        stream: TextIO,
        formatter: logging.Formatter,
        *,
        repeats: Repeats | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write nothing yet.

        Args:
            stream: where to.
            formatter: how.
            repeats: what is told.
            clock: seconds that never go back.
        """
        super().__init__(stream)
        self.setFormatter(formatter)
        self._repeats = repeats or Repeats()
        self._clock = clock
        self._alarm: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or hold it back."""
        now = self._clock()
        self._write(self._repeats.due(now))
        if self._repeats.is_told(record, now):
            super().emit(record)
        elif not self._alarm:
            self._set_alarm(now)

    def close(self) -> None:
        """Tell what was held back, and end."""
        self.acquire()
        try:
            if self._alarm:
                self._alarm.cancel()
            self._write(self._repeats.due(math.inf))
        finally:
            self.release()
        super().close()

    def _set_alarm(self, now: float) -> None:
        """Have what was held back told in time, also if no other line comes."""
        wait = min(self._repeats.next_due() - now, _LONGEST)
        self._alarm = threading.Timer(max(wait, 0.0), self._ring)
        self._alarm.daemon = True
        self._alarm.start()

    def _ring(self) -> None:
        self.acquire()
        try:
            now = self._clock()
            self._alarm = None
            self._write(self._repeats.due(now))
            if self._repeats.next_due() < math.inf:
                self._set_alarm(now)
        finally:
            self.release()

    def _write(self, records: Iterable[logging.LogRecord]) -> None:
        for record in records:
            super().emit(record)


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logger.critical("it crashed: %s", error, exc_info=(kind, error, trace))
