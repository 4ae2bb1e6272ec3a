"""The handler of the log: it limits the lines of a kind, so that no trouble fills a disk."""

import logging
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

LINES: Final = 200
"""Lines of one kind that are written in each `SPAN`. journald drops more than 10,000 in 30 s."""
SPAN: Final = 60.0
"""Seconds."""


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Writes at most `LINES` lines of one kind in `SPAN`, and counts the others.

    Lines of one kind have the same level, logger and text but for its arguments. The last line
    that was counted is written before the first line of the next span, or at the end, with the
    number of the others in its attribute `more`.
    """

    def __init__(
        self,
        stream: TextIO,
        formatter: logging.Formatter,
        *,
        is_json: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write nothing yet.

        Args:
            stream: gets the lines.
            formatter: makes the text of a line.
            is_json: True if that text is JSON.
            clock: returns seconds that never go back.
        """
        super().__init__(stream)
        self.is_json: Final = is_json
        self.setFormatter(formatter)
        self._clock = clock
        self._since = -math.inf
        self._lines: Counter[tuple[int, str, str]] = Counter()
        self._counted: dict[tuple[int, str, str], logging.LogRecord] = {}
        """The last line of each kind that was counted only."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it."""
        now = self._clock()
        if now - self._since >= SPAN:
            self._begin_span()
            self._since = now
        kind = (record.levelno, record.name, str(record.msg))
        self._lines[kind] += 1
        if self._lines[kind] <= LINES:
            super().emit(record)
        else:
            self._counted[kind] = record

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore an error of the disk or the memory: there is no other place to report it."""
        if not isinstance(sys.exc_info()[1], OSError | MemoryError):
            super().handleError(record)

    def close(self) -> None:
        """Write the numbers of the lines that were counted."""
        self.acquire()
        try:
            self._begin_span()
        finally:
            self.release()
        super().close()

    def _begin_span(self) -> None:
        for kind, record in self._counted.items():
            vars(record)["more"] = self._lines[kind] - LINES - 1
            super().emit(record)
        self._lines.clear()
        self._counted.clear()
