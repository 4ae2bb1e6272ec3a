"""Several pictures at a time: read by threads here, or by a crew when many wait."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from digitdrop.errors import OutOfMemory
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome, Seen, classified, utc_now
from digitdrop.pool.job import Order
from digitdrop.pool.pool import Crew, Lost
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import Terms
from digitdrop.pool.slow_lane import Lane
from digitdrop.pool.threads import Hung, Readers, Seeing
from digitdrop.system.shutdown import Stopped
from digitdrop.values import Drop, Failure

_SECONDS: Final = 0.25
_LARGEST: Final = 1024
_LOOK: Final = 0.05
_LONG: Final = 0.1
"""Seconds of full turns after which a crew is worth its start, which takes 0.3 s of CPU time in
all: threads have to wait for one another. Measured in docs/performance.md, "What was done"."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Drops that are read together: already, or once their end is waited for."""

    drops: Sequence[Drop]
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
        for job in self.seeing or ():
            job.future.cancel()


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
        self._terms = terms
        self._classifier = classifier
        self.workers = terms.workers
        """Pictures at a time."""
        self._since: float | None = None
        """When turns began to be full, without a lull."""
        self._lane = Lane(terms)
        self._late: list[Seen] = []
        """What the lane has seen, and nobody has classified."""
        self._readers = Readers(terms, self._lane)
        self._crew = Crew(terms, classifier, self._lane)

    def begin(self, drops: Sequence[Drop], *, more: bool = False) -> Turn:
        """Have drops read, by the crew if it is there; at most two turns at a time.

        Args:
            drops: what to read.
            more: as many or more are waiting, so that these are best begun at once, and
                a crew may be worth its start; of a single worker nothing is gained.
        """
        more = more and self.workers > 1
        are_stuck = self._readers.are_stuck
        if are_stuck or (more and self._is_worth_a_crew()):
            self._crew.start()
        if self._readers.are_all_stuck:
            self._wait_for_crew()
        if (more or are_stuck) and self._crew.is_ready():
            return Turn(drops, order=self._crew.begin(drops))
        return Turn(drops, seeing=self._readers.begin(drops) if more else None)

    def end(self, turn: Turn) -> list[Outcome]:
        """Give what became of drops, in their order, without those not begun when a stop came.

        Without those either that `late` gives once they are read: they take long.

        Raises:
            Hung: a picture read here never ends, or nobody is left to read.
            Stopped: the worker shall stop, and a picture read here does not end.
        """
        if turn.order:
            return self._others(self._by_crew(turn.order))
        return self._others(self._seen(turn.seeing or self._readers.begin(turn.drops)))

    def suspect(self, drops: Sequence[Drop], *, crashes: int) -> None:
        """Have drops read where that harms nothing else; `late` gives what became of them.

        Args:
            drops: what to read.
            crashes: how often somebody died who had them in hand.
        """
        for drop in drops:
            self._lane.put(drop, crashes=crashes)

    def late(self) -> list[Outcome]:
        """Give what became of pictures that took long, once each; does not wait."""
        self._late += self._lane.ended()
        outcomes = self._classified(self._late) if self._late else []
        self._late = []  # only now: memory may have run out
        return outcomes

    def late_drops(self) -> set[Drop]:
        """Give the pictures that `late` has yet to give."""
        return self._lane.drops().union(seen.drop for seen in self._late)

    @property
    def is_stuck(self) -> bool:
        """Whether a thread is still busy with a picture that `late` gives, or gave."""
        return self._readers.stuck_for() > 0

    def lull(self) -> None:
        """Note that nothing waits just now; what is there goes on.

        Raises:
            Hung: a thread never ends; its picture was read, or given up, elsewhere.
        """
        self._since = None
        if self._readers.stuck_for() > 2 * TIME_LIMIT and not len(self._lane):
            raise Hung

    def rest(self) -> None:
        """Let the processes go: nothing has waited for a while."""
        self._since = None
        if not self._readers.are_stuck:
            self._crew.dismiss()
        self._lane.rest()

    def close(self) -> None:
        """Let go of all, without waiting for a picture that hangs."""
        self._crew.dismiss()
        self._lane.dismiss()
        self._readers.close()

    def _seen(self, seeing: Seeing) -> list[Outcome]:
        seen = self._readers.end(seeing)
        if self._readers.are_stuck:
            self._crew.start()
        outcomes = self._classified(seen)
        left = [job.drop for job in seeing if job.future.cancelled()]
        if left:  # no thread is left that could see them
            self._wait_for_crew()
            outcomes += self._by_crew(self._crew.begin(left))
        return outcomes

    def _classified(self, seen: Sequence[Seen]) -> list[Outcome]:
        return classified(seen, self._classifier, digits=self._terms.digits, now=utc_now)

    def _others(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Have what found too little memory read alone; give all others."""
        self.suspect([one.drop for one in outcomes if _is_starved(one)], crashes=0)
        return [one for one in outcomes if not _is_starved(one)]

    def _by_crew(self, order: Order) -> list[Outcome]:
        try:
            return self._crew.end(order)
        except Lost:
            late = self.late_drops()
            left = [drop for drop in order.left() if drop not in late]
            there = [outcome for outcome in order.outcomes if outcome]
            return there + self._seen(self._readers.begin(left))

    def _wait_for_crew(self) -> None:
        """Wait until the crew can read; there is no other way to read just now."""
        self._crew.start()
        patience = TIME_LIMIT
        while not self._crew.is_ready():
            if self._terms.is_stopping():
                raise Stopped
            patience -= _LOOK
            if patience < 0 or not self._crew.is_starting:
                raise Hung
            time.sleep(_LOOK)
            self._terms.moved()

    def _is_worth_a_crew(self) -> bool:
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since > _LONG


def _is_starved(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and isinstance(outcome.error, OutOfMemory)
