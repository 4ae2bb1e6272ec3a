"""One turn of the service: take a few files, read them, record them, file them away.

Every step may be killed and repeated. What is in hand without a row is read
again under the same id; what has its row is only filed away.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from worker.claim import Hand
from worker.crew.crew import Lost
from worker.crew.trial import deadly
from worker.crew.turns import Pace, Turn, Turns
from worker.errors import Incomplete
from worker.health.pulse import Pulse
from worker.inbox import Found
from worker.log.about import about
from worker.pipeline import Outcome
from worker.putback import PutBack
from worker.record import Report
from worker.recorder import Recorder
from worker.stopper import Stopper
from worker.table.escape import escape
from worker.values import Drop, Failure, Limits, Reading

logger = logging.getLogger(__name__)

_AGAIN: Final = 32  # pictures between two writes where what was in hand is read again


@dataclass(frozen=True, slots=True)
class _Taken:
    """Files that were taken in one turn, and what was known of them then."""

    turn: Turn
    found: dict[str, Found]
    settled: bool


class Intake:
    """Everything between the inbox and the outbox, some files at a time."""

    def __init__(
        self,
        *,
        hand: Hand,
        report: Report,
        recorder: Recorder,
        turns: Turns,
        put_back: PutBack,
        limits: Limits,
        stopper: Stopper,
        pulse: Pulse,
    ) -> None:
        """Wire the steps together; `recover` must come first."""
        self._pulse = pulse
        self._hand = hand
        self._report = report
        self._recorder = recorder
        self._turns = turns
        self._put_back = put_back
        self._limits = limits
        self._stopper = stopper
        self.pace = Pace(turns.workers)
        self._was_full = False
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
        self._pending = None
        self._hand.prepare()
        self._report.prepare()
        left = self._recorder.finish(self._hand.left_behind())
        if left:
            logger.info("%d pictures were in hand without a row: reading them again", len(left))
            self._read_again(left)

    def handle(self, found: Sequence[Found], *, settled: bool) -> None:
        """Read files of the inbox: each gets its row, or goes back to wait.

        Where many wait, the last turn is only begun: `finish` ends it.

        Args:
            found: as listed; no name twice.
            settled: nobody writes them any more. Else one that cannot be read goes back,
                whatever the reason, since its writer may not be done.

        Raises:
            OSError: files cannot be claimed now; `recover` before the next turn.
            Stopped: the worker shall stop.
            Hung: a picture never ends.
        """
        before = {one.name: one for one in found}
        drops = self._hand.take(before)
        if not drops:
            return
        logger.info("claimed %d: %s", len(drops), _few(drops), extra=about(count=len(drops)))
        is_full = len(found) >= max(2, self.pace.size)
        try:
            self._read(drops, before, settled=settled, more=is_full and self._was_full)
        except Lost:
            self.recover()
        self._was_full |= is_full

    def finish(self) -> None:
        """End the turn that is only begun, if one is; raises what `handle` does."""
        last, self._pending = self._pending, None
        try:
            if last:
                self._finish(last)
        except Lost:
            self.recover()
        self._turns.lull()

    def rest(self) -> None:
        """Let go, after a listing, of what is only there for when many wait."""
        if not self._was_full:
            self._turns.rest()
        self._was_full = False

    def _read(
        self, drops: Sequence[Drop], found: dict[str, Found], *, settled: bool, more: bool
    ) -> None:
        """Have drops read; where that goes on by itself, finish meanwhile those before."""
        taken = _Taken(self._turns.begin(drops, more=more), found, settled)
        if taken.turn.is_under_way:
            last, self._pending = self._pending, taken
            if last:
                self._finish(last)
            return
        if self._pending and self._pending.turn.seeing:  # the threads come to these after it
            last, self._pending = self._pending, None
            self._finish(last)
        self._finish(taken)

    def _read_again(self, drops: Sequence[Drop]) -> None:
        blamed = deadly(
            [drop.path for drop in drops],
            self._limits,
            is_stopping=self._stopper.is_stopping,
            moved=self._pulse.beat,
        )
        left = iter(drops)
        while some := list(islice(left, _AGAIN)):
            # Read one by one: together they may have taken all memory.
            turns = [self._turns.begin([drop], deadly=blamed) for drop in some]
            outcomes = [outcome for turn in turns for outcome in self._turns.end(turn)]
            self._record(outcomes, _Taken(Turn(some, blamed), {}, settled=True))

    def _finish(self, taken: _Taken) -> None:
        self._record(self._turns.end(taken.turn), taken)
        self.pace.ended(taken.turn)

    def _record(self, outcomes: Sequence[Outcome], taken: _Taken) -> None:
        drops = taken.turn.drops
        readings = [reading for one in outcomes if (reading := self._reading(one, taken))]
        self._recorder.record(readings)
        if len(readings) == len(drops):
            return  # all are filed away, and let go
        begun = {one.id for one in outcomes}
        for drop in drops:
            if drop.id not in begun:
                self._put_back.give_back(drop)
        self._hand.let_go(drops)

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
