"""The text of a line of the log: for people, for machines, for systemd's journal."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from digitdrop.escape import one_line
from digitdrop.values import iso

_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
"""Priorities of syslog(3); the journal reads `<N>` at the start of a line, see sd-daemon(3)."""
_DEBUG: Final = 7


class Text(logging.Formatter):
    """Time in UTC, level and message; in the journal only the message."""

    def __init__(self, *, timed: bool) -> None:
        """Choose the parts of a line.

        Args:
            timed: False where whoever reads the lines adds time and level.
        """
        super().__init__("%(message)s")
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and one line for each line of a traceback, each with time and level."""
        more = getattr(record, "more", 0)
        text = one_line(record.getMessage()) + (f" (and {more:,} more like it)" if more else "")
        trace = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        head = f"{_time(record)} {record.levelname:7} " if self._timed else ""
        return "\n".join(head + line for line in (text, *map(one_line, trace)))


class Json(logging.Formatter):
    """One object a line: `time`, `level`, `message`, the keys of `About`, `more`, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "about", {}),
        }
        if more := getattr(record, "more", 0):
            fields["more"] = more
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields)


class Prioritised(logging.Formatter):
    """Another format, with systemd's priority before each line."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Use `inner` for the text."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines of a traceback, each with its priority."""
        priority = _PRIORITIES.get(record.levelno, _DEBUG)
        lines = self._inner.format(record).split("\n")
        return "\n".join(f"<{priority}>{line}" for line in lines)


def _time(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))
