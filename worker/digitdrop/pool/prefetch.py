"""Groups of drops, read one after the other: the next while the last is recorded."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from digitdrop.pipeline import Outcome, location_of
from digitdrop.pool.batches import Batch, BatchReader, BatchSize
from digitdrop.pool.started import CrashNote
from digitdrop.pool.threads import ReadTimeout
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Drop

_LOOK: Final = 0.1
_LAST: Final = 5.0  # seconds that a thread gets at the end, whose picture is done elsewhere


class Prefetcher:
    """Reads ahead by one group; what takes long, or ended an earlier run, holds up nothing."""

    def __init__(self, turns: BatchReader, begun: CrashNote, *, shutdown: Shutdown) -> None:
        """Wire it.

        Args:
            turns: where to read.
            begun: notes what is being read, in case this process dies of it.
            shutdown: ends the wait for what takes long.
        """
        self._turns = turns
        self._begun = begun
        self._shutdown = shutdown
        self._waiting: deque[Batch] = deque()

    def read(self, drops: Iterator[Drop]) -> Iterator[tuple[int, list[Outcome]]]:
        """Yield how many more drops are done, with what became of them.

        Those not begun at a stop are left out, and those that still take long then.

        Args:
            drops: what to read, found as it is needed.

        Raises:
            Hung: a thread never ends; run again, and what it read is in the report.
            Stopped: the worker shall stop, and a picture does not end.
        """
        suspects = set(self._begun.left())
        pace = BatchSize(self._turns.workers)
        while group := list(islice(drops, pace.size)):
            suspected = [drop for drop in group if suspects and location_of(drop) in suspects]
            self._turns.suspect(suspected, crashes=1)
            rest = [drop for drop in group if drop not in suspected] if suspected else group
            self._begin(rest, more=len(group) == pace.size)
            # What is under way goes on by itself; the rest is read when it is asked for.
            while len(self._waiting) > bool(self._waiting and self._waiting[-1].is_under_way):
                yield self._end(pace)
            yield self._late()
        while self._waiting:
            yield self._end(pace)
        while self._turns.late_drops() and not self._shutdown.is_stopping():
            self._shutdown.wait(_LOOK)
            yield self._late()
        self._wait_for_threads()

    def _begin(self, group: Sequence[Drop], *, more: bool) -> None:
        under_way = [drop for turn in self._waiting for drop in turn.drops]
        under_way += sorted(self._turns.late_drops(), key=lambda drop: drop.path)
        self._begun.note(drop.path for drop in (*under_way, *group))
        self._waiting.append(self._turns.begin(group, more=more))

    def _end(self, pace: BatchSize) -> tuple[int, list[Outcome]]:
        turn = self._waiting.popleft()
        outcomes = self._turns.end(turn)
        pace.ended(turn)
        late = self._turns.late_drops()
        return sum(drop not in late for drop in turn.drops), outcomes

    def _late(self) -> tuple[int, list[Outcome]]:
        outcomes = self._turns.late()
        return len(outcomes), outcomes

    def _wait_for_threads(self) -> None:
        looks = round(_LAST / _LOOK)
        while self._turns.is_stuck and not self._shutdown.is_stopping():
            self._shutdown.wait(_LOOK)
            looks -= 1
            if not looks:
                raise ReadTimeout
