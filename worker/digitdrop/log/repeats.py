"""Which lines of a log are told, and which are only counted: no trouble may fill a disk."""

import logging
import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Final

_MOST: Final = 1_000  # texts, and kinds, that are remembered; beyond that the oldest is let go


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """So many lines alike are told in so many seconds; the others are counted."""

    lines: int
    span: float


SAME_TEXT: Final = RepeatRule(lines=3, span=600.0)
"""Trouble that lasts, or comes and goes: a folder that cannot be listed, a flapping disk."""
SAME_KIND: Final = RepeatRule(lines=200, span=60.0)
"""A busy inbox: nobody reads along, and journald drops whatever is beyond 10,000 in 30 s."""


@dataclass(slots=True)
class _Window:
    """Lines alike since a moment."""

    began: float
    told: int = 0
    held: int = 0
    last: logging.LogRecord | None = None


class _Alike:
    """The windows of one rule, the oldest first."""

    def __init__(self, rule: RepeatRule) -> None:
        self.rule = rule
        self._windows: dict[str, _Window] = {}
        self._let_go: list[logging.LogRecord] = []

    def window(self, name: str, now: float) -> _Window:
        if name not in self._windows:
            if len(self._windows) >= _MOST:
                self._let_go += _counted(self._windows.pop(next(iter(self._windows))))
            self._windows[name] = _Window(now)
        return self._windows[name]

    def over(self, now: float) -> Iterator[logging.LogRecord]:
        """End windows: tell what was counted, and go on counting; forget what was quiet."""
        yield from self._let_go
        self._let_go.clear()
        while self._windows:
            name, window = next(iter(self._windows.items()))
            if now - window.began < self.rule.span:
                return
            del self._windows[name]
            if window.held and now != math.inf:
                self._windows[name] = _Window(now, told=self.rule.lines)
            yield from _counted(window)

    def next_due(self) -> float:
        if self._let_go:
            return -math.inf
        return min(
            (one.began + self.rule.span for one in self._windows.values() if one.held),
            default=math.inf,
        )


class Repeats:
    """Decides for each line; it has no clock, and what it remembers is bounded."""

    def __init__(
        self, same_text: RepeatRule = SAME_TEXT, same_kind: RepeatRule = SAME_KIND
    ) -> None:
        """Begin with an empty memory.

        Args:
            same_text: for warnings and errors that say the same in all.
            same_kind: for lines that differ only in what they speak of.
        """
        self._texts = _Alike(same_text)
        self._kinds = _Alike(same_kind)

    def is_told(self, record: logging.LogRecord, now: float) -> bool:
        """Say whether a line is told; if not, `due` counts it.

        Args:
            record: with its level, logger, text and arguments.
            now: monotonic seconds.
        """
        names = [(self._kinds, f"{record.levelno} {record.name} {record.msg}")]
        if record.levelno >= logging.WARNING:
            names.append((self._texts, f"{record.levelno} {record.getMessage()}"))
        windows = []
        for alike, name in names:
            window = alike.window(name, now)
            if window.told >= alike.rule.lines:
                window.held += 1
                window.last = record
                return False
            windows.append(window)
        for window in windows:
            window.told += 1
        return True

    def due(self, now: float) -> Iterator[logging.LogRecord]:
        """Give the last line of each window that is over, with how many more were held back.

        So is one that was let go: no line is held back without being counted.

        Args:
            now: monotonic seconds; infinite for all that is left.
        """
        for alike in (self._texts, self._kinds):
            yield from alike.over(now)

    def next_due(self) -> float:
        """Say when `due` will have something to tell; infinite if nothing is held back."""
        return min(self._texts.next_due(), self._kinds.next_due())


def _counted(window: _Window) -> Iterator[logging.LogRecord]:
    """Give the last line that a window held back, with how many more it stands for."""
    if window.last:
        record = copy(window.last)
        record.more = window.held - 1
        yield record
