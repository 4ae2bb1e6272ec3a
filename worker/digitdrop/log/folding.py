"""Writes the log, and folds what repeats."""

import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, TextIO

from digitdrop.log.repeats import Repeats

_LONGEST: Final = 60.0  # seconds between two looks for what was held back


class Folding(logging.StreamHandler[TextIO]):
    """Writes lines; of those that repeat, some, and then now and then their number."""

    def __init__(
        self,
        stream: TextIO,
        formatter: logging.Formatter,
        *,
        is_json: bool = False,
        repeats: Repeats | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write nothing yet.

        Args:
            stream: where to.
            formatter: how.
            is_json: whether that is JSON.
            repeats: what is told.
            clock: seconds that never go back.
        """
        super().__init__(stream)
        self.is_json: Final = is_json
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

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Pass over what the machine refuses: there is no other place to tell of it."""
        if not isinstance(sys.exc_info()[1], OSError | MemoryError):
            super().handleError(record)

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
        alarm = threading.Timer(max(wait, 0.0), self._ring)
        alarm.daemon = True
        with suppress(MemoryError, RuntimeError):  # no thread to be had: the next line tells it
            alarm.start()
            self._alarm = alarm

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
