"""Several pictures at a time: read by threads here, or by a crew when many wait."""

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from worker.classify import Classifier
from worker.crew.crew import Crew
from worker.crew.order import Order
from worker.crew.readers import Readers, Seeing
from worker.crew.terms import Terms
from worker.pipeline import Outcome, classified, utc_now
from worker.values import Drop

_SECONDS: Final = 0.25
_LARGEST: Final = 1024
_LONG: Final = 0.1
"""Seconds of full turns after which a crew is worth its start, which takes 0.3 s of CPU time in
all: threads have to wait for one another. Measured in docs/performance.md, "What was done"."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Drops that are read together: already, or once their end is waited for."""

    drops: Sequence[Drop]
    deadly: Collection[Path]
    order: Order | None = None
    """Of the crew, if it reads them."""
    seeing: Seeing | None = None
    """What threads see of them, if they do so already."""
    begun: float = field(default_factory=time.monotonic)
    """When, by the monotonic clock."""

    @property
    def is_under_way(self) -> bool:
        """Whether it is read while something else is done."""
        return bool(self.order or self.seeing)

    def give_up(self) -> None:
        """Have no more of it begun by threads: nobody will ask for its end."""
        for future in self.seeing or ():
            future.cancel()


class Pace:
    """How many files make a turn that is neither long nor wasteful, as measured so far.

    Rows appear after each turn, and a stop is heard; but each turn waits for the disk.
    """

    def __init__(self, least: int) -> None:
        """Begin with few, and never go below so many that each worker has one."""
        self._least = max(2, least)
        self.size = max(16, least)
        self._ended = -math.inf
        """When the last full turn did."""

    def ended(self, turn: Turn) -> None:
        """Learn how long a full turn took, from when the one before had ended.

        Of a smaller one most is what it costs to claim, to record and to sync at all.
        """
        if len(turn.drops) < self.size:
            return
        now = time.monotonic()
        seconds = now - max(turn.begun, self._ended)
        fitting = int(len(turn.drops) / max(seconds, 1e-6) * _SECONDS)
        self.size = max(self._least, min(_LARGEST, fitting, 4 * self.size))
        self._ended = now


class Turns:
    """Where turns are read: a few pictures at once, many without holding up their recorder."""

    def __init__(self, terms: Terms, classifier: Classifier) -> None:
        """Start neither thread nor process before there is work for it.

        Args:
            terms: for both.
            classifier: the network, of which each process gets a copy.
        """
        self._classifier = classifier
        self.workers = terms.workers
        """Pictures at a time."""
        self._since: float | None = None
        """When turns began to be full, without a lull."""
        self._readers = Readers(terms)
        self._crew = Crew(terms, classifier)

    def begin(
        self, drops: Sequence[Drop], *, deadly: Collection[Path] = (), more: bool = False
    ) -> Turn:
        """Have drops read, by the crew if it is there; at most two turns at a time.

        Args:
            drops: what to read.
            deadly: absolute paths of files that must not be decoded.
            more: as many or more are waiting, so that these are best begun at once, and
                a crew may be worth its start; of a single worker nothing is gained.

        Raises:
            Lost: a process of the crew has died.
        """
        if more and self.workers > 1:
            if self._is_worth_a_crew():
                self._crew.start()
            if self._crew.is_ready():
                return Turn(drops, deadly, order=self._crew.begin(drops, deadly=deadly))
            return Turn(drops, deadly, seeing=self._readers.begin(drops, deadly=deadly))
        return Turn(drops, deadly)

    def end(self, turn: Turn) -> list[Outcome]:
        """Give what became of drops, in their order, without those not begun when a stop came.

        Raises:
            Hung: a picture read here never ends.
            Lost: a process of the crew died or hangs; nothing can be said of what it had.
            Stopped: the worker shall stop, and a picture read here does not end.
        """
        if turn.order:
            return self._crew.end(turn.order)
        seen = self._readers.end(
            turn.seeing or self._readers.begin(turn.drops, deadly=turn.deadly)
        )
        return classified(seen, self._classifier, now=utc_now)

    def lull(self) -> None:
        """Note that nothing waits just now; what is there goes on."""
        self._since = None

    def rest(self) -> None:
        """Let the crew go: nothing has waited for a while."""
        self.lull()
        self._crew.dismiss()

    def _is_worth_a_crew(self) -> bool:
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since > _LONG

    def close(self) -> None:
        """Let go of all, without waiting for a picture that hangs."""
        self._crew.dismiss()
        self._readers.close()
