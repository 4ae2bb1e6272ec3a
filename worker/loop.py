"""Look, settle, hand over to the intake. Listings are the truth; events only shorten the wait."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from worker import inbox
from worker.health.pulse import Pulse
from worker.inbox import Found
from worker.intake import Intake
from worker.log.about import about
from worker.mounts import HomeDisk
from worker.settle import Now, Settler
from worker.stopper import Stopper
from worker.tidy.upkeep import Upkeep
from worker.watch import LOOK_EVERYWHERE, Polling, Watch

logger = logging.getLogger(__name__)

_EVENTS = 5.0  # seconds between listings when events shorten the wait
_POLLING = 1.0  # and when listings are all there is
_SOONEST = 0.2  # however many events come
_AFTERCARE = 0.02
"""Seconds that a sender gets after its last write, before a file is taken from under its name.

Many set mode and times by name once they have closed the file (Python's shutil.copy
among them), and would fail if it were gone by then.
"""

_TAKE_IN = "take files in"
_NO_EVENTS = {errno.ENOSPC, errno.EMFILE, errno.ENOSYS, errno.EPERM}


class Loop:
    """Goes round until it is asked to stop."""

    def __init__(
        self,
        *,
        folder: Path,
        intake: Intake,
        settler: Settler,
        watch: Watch,
        upkeep: Upkeep,
        home: HomeDisk,
        stopper: Stopper,
        clock: Callable[[], Now],
        pulse: Pulse,
    ) -> None:
        """Wire it; nothing is watched or read before `run`."""
        self._home = home
        self._folder = folder
        self._intake = intake
        self._settler = settler
        self._watch = watch
        self._upkeep = upkeep
        self._stopper = stopper
        self._clock = clock
        self._pulse = pulse
        self._trouble = False
        self._recovered = False
        self._is_listed = False
        self._hints: set[str] = set()

    def run(self) -> None:
        """Read what comes until asked to stop.

        Raises:
            Stopped: asked to stop while something was in hand; it is safe there.
            Hung: a picture never ends.
        """
        while not self._stopper.is_stopping():
            began = self._clock().monotonic
            self._wait(until=began + self._look(), not_before=began + _SOONEST)
        self._watch.stop()

    def _look(self) -> float:
        """Go through the inbox once; say how many seconds later to do so again."""
        try:
            self._home.check()
            # The observer first, then what lies there already: nothing falls between the two.
            self._supervise()
            if not self._recovered:
                self._recover()
            self._take_in(self._settled())
            self._intake.rest()
        except OSError as error:
            self._say_once(error)
            return _POLLING
        self._say_again()
        self._settler.end_of_listing()
        longest = _POLLING if isinstance(self._watch, Polling) else _EVENTS
        return min(longest, self._upkeep.look(), self._settler.due(self._clock()))

    def _recover(self) -> None:
        """Finish what was left in hand: by an earlier run, or by the turn that failed."""
        self._intake.recover()
        self._upkeep.recover()
        self._recovered = True
        if not self._trouble:
            logger.info("watching %s", self._folder)

    def _settled(self) -> Iterator[Found]:
        for found in inbox.listing(self._folder):
            if self._stopper.is_stopping():
                return
            if self._settler.is_settled(found, self._clock()):
                yield found

    def _take_in(self, ready: Iterator[Found]) -> None:
        """Read files as they are found, a turn at a time, so that none waits for the last.

        What arrives meanwhile goes first: somebody is looking at it.
        """
        while group := list(islice(ready, self._intake.pace.size)):
            self._intake.handle(group, settled=True)
            self._list_once()
            self._pulse.beat()
            self._follow_hints()
            if self._stopper.is_stopping():
                break
        self._intake.finish()
        self._is_listed = True
        self._pulse.ready()

    def _list_once(self) -> None:
        """See every name once, before all are read: a start is over in a moment, not in hours."""
        if not self._is_listed:
            inbox.count(self._folder)
            self._is_listed = True
            self._pulse.ready()

    def _follow_hints(self) -> None:
        """Read the files that events named, but for those that were written just now."""
        self._hints |= self._watch.hints()
        found = [self._find(name) for name in self._hints - {LOOK_EVERYWHERE}]
        now = self._clock()
        there = [one for one in found if one and self._settler.may_be_tried(one, now)]
        fresh = {one.name for one in there if 0 <= _age(one, now) < _AFTERCARE}
        self._hints &= fresh | {LOOK_EVERYWHERE}
        ready = (one for one in there if one.name not in fresh)
        while group := list(islice(ready, self._intake.pace.size)):
            self._intake.handle(group, settled=False)

    def _find(self, name: str) -> Found | None:
        return inbox.find(self._folder, name)

    def _wait(self, *, until: float, not_before: float) -> None:
        """Wait for the next listing; files that an event names are read meanwhile."""
        while not self._stopper.is_stopping():
            left = until - self._clock().monotonic
            if left <= 0:
                return
            if self._recovered and self._upkeep.step():
                left = 0.0
            self._pulse.beat()
            self._stopper.wait(min(left, _AFTERCARE) if self._hints else left)
            if not self._recovered:
                continue
            try:
                self._follow_hints()
                self._intake.finish()
            except OSError as error:
                self._say_once(error)
                return
            now = self._clock()
            until = min(until, now.monotonic + self._settler.due(now))
            if LOOK_EVERYWHERE in self._hints:
                self._hints.discard(LOOK_EVERYWHERE)
                until = not_before

    def _supervise(self) -> None:
        """Start the watch anew where it is deaf; only list where events cannot be had."""
        if self._watch.is_well():
            return
        self._recovered = False  # another disk is there, or is back, with what was in hand on it
        try:
            self._watch.start()
        except OSError as error:
            if error.errno not in _NO_EVENTS:
                raise
            logger.warning("no events to be had (%s): listing the inbox instead", error.strerror)
            self._watch = Polling(self._folder)
            self._watch.start()
            self._pulse.looking(f"polling, for there are no events to be had: {error.strerror}")

    def _say_once(self, error: OSError) -> None:
        if not self._trouble:
            logger.error(
                "cannot %s: %s; trying until it succeeds",
                _TAKE_IN,
                error,
                extra=about(cannot=_TAKE_IN, state="begins"),
            )
        self._trouble = True
        self._recovered = False
        self._pulse.trouble(_TAKE_IN, str(error))

    def _say_again(self) -> None:
        if self._trouble:
            logger.warning("can %s again", _TAKE_IN, extra=about(cannot=_TAKE_IN, state="ends"))
            self._pulse.trouble(_TAKE_IN, "")
        self._trouble = False


def _age(found: Found, now: Now) -> float:
    return (now.wall_ns - found.stamp.ctime_ns) / 1e9


def now() -> Now:
    """Read both clocks of this machine."""
    return Now(monotonic=time.monotonic(), wall_ns=time.time_ns())
