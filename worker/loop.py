"""Look, settle, hand over to the intake. Listings are the truth; events only shorten the wait."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from worker import inbox
from worker.inbox import Found
from worker.intake import Intake
from worker.settle import Now, Settler
from worker.stopper import Stopper
from worker.watch import LOOK_EVERYWHERE, Polling, Watch

logger = logging.getLogger(__name__)

_EVENTS = 5.0  # seconds between listings when events shorten the wait
_POLLING = 1.0  # and when listings are all there is
_CHANGING = 0.5  # and while files are there that still change
_SOONEST = 0.2  # however many events come

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
        stopper: Stopper,
        clock: Callable[[], Now],
    ) -> None:
        """Wire it; nothing is watched or read before `run`."""
        self._folder = folder
        self._intake = intake
        self._settler = settler
        self._watch = watch
        self._stopper = stopper
        self._clock = clock
        self._trouble = False

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
            # The observer first, then what lies there already: nothing falls between the two.
            self._supervise()
            if self._trouble:
                self._intake.recover()
            self._take_in(self._settled())
        except OSError as error:
            self._say_once(error)
            return _POLLING
        self._say_again()
        if self._settler.end_of_listing():
            return _CHANGING
        return _POLLING if isinstance(self._watch, Polling) else _EVENTS

    def _settled(self) -> Iterator[Found]:
        for found in inbox.listing(self._folder):
            if self._settler.is_settled(found, self._clock()):
                yield found

    def _take_in(self, ready: Iterator[Found]) -> None:
        """Read files as they are found, a turn at a time, so that none waits for the last.

        What arrives meanwhile goes first: somebody is looking at it.
        """
        while group := list(islice(ready, self._intake.size)):
            self._intake.handle(group)
            names = self._watch.hints()
            while names and not self._stopper.is_stopping():
                self._follow(names)
                names = self._watch.hints()
            if self._stopper.is_stopping():
                return

    def _follow(self, names: set[str]) -> None:
        found = (inbox.find(self._folder, name) for name in names if name != LOOK_EVERYWHERE)
        now = self._clock()
        ready = (one for one in found if one and self._settler.may_be_tried(one, now))
        while group := list(islice(ready, self._intake.size)):
            self._intake.handle(group)

    def _wait(self, *, until: float, not_before: float) -> None:
        """Wait for the next listing; files that an event names are read meanwhile."""
        while not self._stopper.is_stopping() and (now := self._clock().monotonic) < until:
            self._stopper.wait(until - now)
            names = self._watch.hints()
            try:
                self._follow(names)
            except OSError as error:
                self._say_once(error)
                return
            if LOOK_EVERYWHERE in names:
                until = not_before

    def _supervise(self) -> None:
        """Start the watch anew where it is deaf; only list where events cannot be had."""
        if self._watch.is_well():
            return
        try:
            self._watch.start()
        except OSError as error:
            if error.errno not in _NO_EVENTS:
                raise
            logger.warning("no events to be had (%s): listing the inbox instead", error.strerror)
            self._watch = Polling()

    def _say_once(self, error: OSError) -> None:
        if not self._trouble:
            logger.error("cannot take files in: %s; trying until it succeeds", error)
        self._trouble = True

    def _say_again(self) -> None:
        if self._trouble:
            logger.warning("can take files in again")
        self._trouble = False


def now() -> Now:
    """Read both clocks of this machine."""
    return Now(monotonic=time.monotonic(), wall_ns=time.time_ns())
