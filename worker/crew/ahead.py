"""Groups of drops, read one after the other: the next while the last is recorded."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from worker.crew.begun import Begun
from worker.crew.crew import Lost
from worker.crew.trial import deadly
from worker.crew.turns import Pace, Turn, Turns
from worker.pipeline import Outcome
from worker.values import Drop, Limits


class Ahead:
    """Reads ahead by one group, and finds out what kills or hangs its reader."""

    def __init__(
        self, turns: Turns, begun: Begun, limits: Limits, *, is_stopping: Callable[[], bool]
    ) -> None:
        """Wire it.

        Args:
            turns: where to read.
            begun: notes what is being read, in case this process dies of it.
            limits: what one file may cost.
            is_stopping: ends the search for what kills its reader.
        """
        self._turns = turns
        self._begun = begun
        self._limits = limits
        self._is_stopping = is_stopping
        self._blamed: set[Path] = set()
        self._waiting: deque[Turn] = deque()

    def read(self, drops: Iterator[Drop]) -> Iterator[tuple[Sequence[Drop], list[Outcome]]]:
        """Yield drops in groups with what became of them, but for those not begun at a stop.

        Args:
            drops: what to read, found as it is needed.

        Raises:
            Hung: a picture never ends; run again, and it will be passed over.
            Stopped: the worker shall stop, and a picture does not end.
        """
        self._blame(self._begun.left())
        pace = Pace(self._turns.workers)
        while group := list(islice(drops, pace.size)):
            self._begin(group, more=len(group) == pace.size)
            # What is under way goes on by itself; the rest is read when it is asked for.
            while len(self._waiting) > bool(self._waiting and self._waiting[-1].is_under_way):
                turn, outcomes = self._end()
                yield turn.drops, outcomes
                pace.ended(turn)
        while self._waiting:
            turn, outcomes = self._end()
            yield turn.drops, outcomes

    def _begin(self, group: Sequence[Drop], *, more: bool) -> None:
        self._begun.note(drop.path for drops in (*self._drops(), group) for drop in drops)
        try:
            self._waiting.append(self._turns.begin(group, deadly=self._blamed, more=more))
        except Lost:
            self._waiting.append(Turn(group, self._blamed))
            self._try_again()

    def _end(self) -> tuple[Turn, list[Outcome]]:
        try:
            outcomes = self._turns.end(self._waiting[0])
        except Lost:
            self._try_again()
            outcomes = self._turns.end(self._waiting[0])
        return self._waiting.popleft(), outcomes

    def _try_again(self) -> None:
        """Have what was under way read here, but for what killed or hung the crew."""
        for turn in self._waiting:
            turn.give_up()
        self._blame([drop.path for drops in self._drops() for drop in drops])
        self._waiting = deque(Turn(drops, self._blamed) for drops in self._drops())

    def _drops(self) -> list[Sequence[Drop]]:
        return [turn.drops for turn in self._waiting]

    def _blame(self, paths: Sequence[Path]) -> None:
        self._blamed |= deadly(paths, self._limits, is_stopping=self._is_stopping)
