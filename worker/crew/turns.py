"""Several pictures at a time: read by threads here, or by a crew when many wait."""

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.classify import Classifier
from worker.crew.crew import Crew
from worker.crew.order import Order
from worker.crew.readers import Readers
from worker.crew.terms import Terms
from worker.pipeline import Outcome, classified, utc_now
from worker.values import Drop

_SECONDS: Final = 0.25
_LARGEST: Final = 1024
_LIGHT: Final = 0.0015
"""Seconds of CPU time: of a picture that takes less, Python's share is large, and threads have
to wait for one another. A crew is worth its start then, which takes 0.7 s of CPU time in all;
of heavier pictures only when they go on coming."""
_LONG: Final = 2.0  # seconds


class Pace:
    """How many files make a turn that is neither long nor wasteful, as measured so far.

    Rows appear after each turn, and a stop is heard; but each turn waits for the disk.
    """

    def __init__(self) -> None:
        """Begin with few."""
        self.size = 16

    def took(self, count: int, seconds: float) -> None:
        """Learn how long a turn took."""
        fitting = int(count / max(seconds, 1e-6) * _SECONDS)
        self.size = max(1, min(_LARGEST, fitting, 4 * self.size))


@dataclass(frozen=True, slots=True)
class Turn:
    """Drops that are read together."""

    drops: Sequence[Drop]
    deadly: Collection[Path]
    order: Order | None
    """Of the crew; None if they are read here, once their end is waited for."""


class Turns:
    """Where turns are read: a few pictures at once, many without holding up their recorder."""

    def __init__(self, terms: Terms, classifier: Classifier) -> None:
        """Start neither thread nor process before there is work for it.

        Args:
            terms: for both.
            classifier: the network, of which each process gets a copy.
        """
        self._classifier = classifier
        self._weight = math.inf
        """Seconds of CPU time that a picture took when last some were read here."""
        self._since: float | None = None
        """When turns began to be full."""
        self._readers = Readers(terms)
        self._crew = Crew(terms, classifier)

    def begin(
        self, drops: Sequence[Drop], *, deadly: Collection[Path] = (), more: bool = False
    ) -> Turn:
        """Have drops read, by the crew if it is there; at most two turns at a time.

        Args:
            drops: what to read.
            deadly: absolute paths of files that must not be decoded.
            more: as many or more are waiting, so that a crew is worth its start.

        Raises:
            Lost: a process of the crew has died.
        """
        if more:
            if self._is_worth_a_crew():
                self._crew.start()
            if self._crew.is_ready():
                return Turn(drops, deadly, self._crew.begin(drops, deadly=deadly))
        return Turn(drops, deadly, None)

    def end(self, turn: Turn) -> list[Outcome]:
        """Give what became of drops, in their order, without those not begun when a stop came.

        Raises:
            Hung: a picture read here never ends.
            Lost: a process of the crew died or hangs; nothing can be said of what it had.
            Stopped: the worker shall stop, and a picture read here does not end.
        """
        if turn.order:
            return self._crew.end(turn.order)
        began = time.process_time()
        seen = self._readers.see(turn.drops, deadly=turn.deadly)
        outcomes = classified(seen, self._classifier, now=utc_now)
        self._weight = (time.process_time() - began) / max(1, len(turn.drops))
        return outcomes

    def rest(self) -> None:
        """Let the crew go: nothing waits."""
        self._since = None
        self._crew.dismiss()

    def _is_worth_a_crew(self) -> bool:
        now = time.monotonic()
        self._since = self._since or now
        return self._weight < _LIGHT or now - self._since > _LONG

    def close(self) -> None:
        """Let go of all, without waiting for a picture that hangs."""
        self._crew.dismiss()
        self._readers.close()
