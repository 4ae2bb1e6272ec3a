"""How a line of the log looks: for people, for machines, for systemd's journal."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from digitdrop.escape import one_line
from digitdrop.values import iso

_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
"""Of syslog(3): the journal takes `<N>` at the beginning of a line for it, see sd-daemon(3)."""
_DEBUG: Final = 7


class Text(logging.Formatter):
    """Time in UTC, level, message; in the journal the message alone."""

    def __init__(self, *, timed: bool) -> None:
        """Leave out time and level where each line gets them anyhow."""
        super().__init__("%(message)s")
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """Write one line, and one for each line of a traceback; each with time and level."""
        more = getattr(record, "more", 0)
        said = one_line(record.getMessage()) + (f" (and {more:,} more like it)" if more else "")
        trace = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        head = self._head(record)
        return "\n".join(head + line for line in (said, *map(one_line, trace)))

    def _head(self, record: logging.LogRecord) -> str:
        if not self._timed:
            return ""
        return f"{iso(datetime.fromtimestamp(record.created, UTC))} {record.levelname:7} "


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
