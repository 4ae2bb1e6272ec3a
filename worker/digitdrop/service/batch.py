"""One turn of the service: take a few files, read them, record them, file them away.

Every step may be killed and repeated. What is in hand without a row is read
again under the same id; what has its row is only filed away.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from digitdrop.errors import Incomplete
from digitdrop.escape import escape
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.health.postponed import Postponed
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Clocks
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.pipeline import Outcome
from digitdrop.pool.batches import Batch, BatchReader, BatchSize
from digitdrop.service.requeue import Requeue
from digitdrop.system.log_fields import about
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Drop, Failure, Reading

logger = logging.getLogger(__name__)

_LOOK: Final = 0.1  # seconds between two looks for what takes long


@dataclass(frozen=True, slots=True)
class _Taken:
    """Files that were taken in one turn, and what was known of them then."""

    turn: Batch
    found: dict[str, ListedFile]
    settled: bool


class BatchService:
    """Everything between the inbox and the outbox, some files at a time."""

    def __init__(
        self,
        *,
        claims: Claims,
        report: Report,
        recorder: Recorder,
        turns: BatchReader,
        put_back: Requeue,
        deferred: DeferredQueue,
        postponed: Postponed,
        shutdown: Shutdown,
        heartbeat: Heartbeat,
        clock: Callable[[], Clocks],
    ) -> None:
        """Wire the steps together; `recover` must come first."""
        self._clock = clock
        self._heartbeat = heartbeat
        self._claims = claims
        self._report = report
        self._recorder = recorder
        self._turns = turns
        self._put_back = put_back
        self._deferred = deferred
        self._postponed = postponed
        self._shutdown = shutdown
        self.pace = BatchSize(turns.workers)
        self._was_full = False
        self._late: dict[str, _Taken] = {}
        """What takes long, by the ids of its rows."""
        self._has_recovered = False
        self._pending: _Taken | None = None
        """What is being read, while what was read before is recorded."""

    def recover(self) -> None:
        """Make all ready, repair the report, and finish what an earlier run left in hand.

        Raises:
            OSError: the inbox or the report cannot be used now; do it again later.
            Stopped: the worker shall stop.
        """
        if self._pending:  # it is in hand
            self._pending.turn.give_up()
            self._set_apart(self._pending)
        self._pending = None
        self._claims.prepare()
        self._report.prepare()
        for drop in self._claims.irregular():
            self._put_back.put_out(drop)
        late = {drop.id for drop in self._turns.late_drops()}
        self._late = {key: taken for key, taken in self._late.items() if key in late}
        left = self._recorder.finish(
            drop for drop in self._claims.left_behind() if drop.id not in late
        )
        if left:
            logger.info("%d pictures were in hand without a row: reading them again", len(left))
            # What ended an earlier run, if it was one of them, may end another process.
            self._turns.suspect(left, crashes=0 if self._has_recovered else 1)
            self._set_apart(_Taken(Batch(left), {}, settled=True))
        self._has_recovered = True

    def handle(self, found: Sequence[ListedFile], *, settled: bool) -> None:
        """Read files of the inbox: each gets its row, or goes back to wait.

        Where many wait, the last turn is only begun: `finish` ends it.

        Args:
            found: as listed; no name twice.
            settled: nobody writes them any more. Else one that cannot be read goes back,
                whatever the reason, since its writer may not be done.

        Raises:
            OSError: files cannot be claimed now; `recover` before the next turn.
            Stopped: the worker shall stop.
            Hung: a thread never ends; what it reads is in hand or recorded.
        """
        self._shutdown.retry("empty its hand", self._postponed.make_room)
        before = {one.name: one for one in found}
        drops = self._claims.acquire(before, refused=self._defer)
        if not drops:
            return
        for drop in drops:
            self._deferred.done(drop.name)
        logger.info("claimed %d: %s", len(drops), _few(drops), extra=about(count=len(drops)))
        is_full = len(found) >= max(2, self.pace.size)
        self._read(drops, before, settled=settled, more=is_full and self._was_full)
        self._was_full |= is_full

    def finish(self) -> None:
        """End the turn that is only begun, if one is; raises what `handle` does."""
        last, self._pending = self._pending, None
        if last:
            self._finish(last)
        self._turns.idle()

    def retry(self) -> float:
        """Record what took long, and try again what could not leave the hand.

        Returns:
            Seconds after which to do so again; infinite if nothing waits.
        """
        for outcome in self._turns.late():
            taken = self._late.pop(outcome.drop.id or "", self._pending)
            if taken and (reading := self._reading(outcome, taken)):
                self._recorder.record([reading])
            self._claims.release([outcome.drop])
        self._postponed.retry()
        return min(self._postponed.due(), _LOOK if self._late else math.inf)

    def late(self) -> Iterator[ListedFile]:
        """Give the files that take long to read, as they were listed."""
        for drop in self._turns.late_drops():
            taken = self._late.get(drop.id or "")
            if taken and (found := taken.found.get(drop.name)):
                yield found

    def _defer(self, name: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self._deferred.put(name, cannot="be taken", why=why, now=self._clock())

    def rest(self) -> None:
        """Let go, after a listing, of what is only there for when many wait."""
        self._was_full = False

    def _read(
        self, drops: Sequence[Drop], found: dict[str, ListedFile], *, settled: bool, more: bool
    ) -> None:
        """Have drops read; where that goes on by itself, finish meanwhile those before."""
        taken = _Taken(self._turns.begin(drops, more=more), found, settled)
        if taken.turn.is_under_way:
            last, self._pending = self._pending, taken
            if last:
                self._finish(last)
            return
        if (
            self._pending and not self._pending.turn.is_in_pool
        ):  # the threads come to these after it
            last, self._pending = self._pending, None
            self._finish(last)
        self._finish(taken)

    def _set_apart(self, taken: _Taken) -> set[Drop]:
        """Remember what is known of those that take long; give them."""
        late = self._turns.late_drops().intersection(taken.turn.drops)
        self._late.update((drop.id or "", taken) for drop in late)
        return late

    def _finish(self, taken: _Taken) -> None:
        outcomes = self._turns.end(taken.turn)
        self.pace.ended(taken.turn)  # a slow disk is no reason for small turns: they sync more
        self._record(outcomes, taken)

    def _record(self, outcomes: Sequence[Outcome], taken: _Taken) -> None:
        drops = taken.turn.drops
        readings = [reading for one in outcomes if (reading := self._reading(one, taken))]
        self._recorder.record(readings)
        if len(readings) == len(drops):
            return  # all are filed away, and let go
        begun = {one.id for one in outcomes}
        late = self._set_apart(taken)
        for drop in drops:
            if drop.id not in begun and drop not in late:
                self._put_back.give_back(drop)
        self._claims.release(drops)

    def _reading(self, outcome: Outcome, taken: _Taken) -> Reading | None:
        """Give the row of what was read, or of what failed for good; None if that is open."""
        if not isinstance(outcome, Failure):
            if not outcome.verdict.doubt:
                return outcome
            error = Incomplete(outcome.verdict.doubt)
            outcome = Failure(
                id=outcome.id, drop=outcome.drop, sha256="", error=error, reading=outcome
            )
        found = taken.found.get(outcome.drop.name)
        return self._put_back.row(outcome, found, settled=taken.settled)


def _few(drops: Sequence[Drop]) -> str:
    names = ", ".join(escape(drop.name) for drop in drops[:3])
    return names + (", ..." if len(drops) > 3 else "")
