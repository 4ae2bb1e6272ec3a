"""Look, settle, hand over to the intake. Listings are the truth; events only shorten the wait."""

import errno
import logging
import math
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from digitdrop.files.mounts import HomeDisk
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.intake import listing
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.intake.unfinished import UnfinishedFiles
from digitdrop.intake.watch import FileEvents, PollingWatch, Watch
from digitdrop.service.batch import BatchService
from digitdrop.service.maintenance import Maintenance
from digitdrop.system.mishaps import REFUSED, as_os_error
from digitdrop.system.shutdown import Shutdown

logger = logging.getLogger(__name__)

_EVENTS = 5.0  # seconds between listings when events shorten the wait
_POLLING = 1.0  # and when listings are all there is
_SOONEST = 0.2  # however many events come
_NO_EVENTS = {errno.ENOSPC, errno.EMFILE, errno.ENOSYS, errno.EPERM}


class ServiceLoop:
    """Goes round until it is asked to stop."""

    def __init__(
        self,
        *,
        folder: Path,
        intake: BatchService,
        settler: Settler,
        watch: Watch,
        maintenance: Maintenance,
        home: HomeDisk,
        shutdown: Shutdown,
        clock: Callable[[], Clocks],
        heartbeat: Heartbeat,
        deferred: DeferredQueue,
    ) -> None:
        """Wire it; nothing is watched or read before `run`."""
        self._home = home
        self._folder = folder
        self._intake = intake
        self._settler = settler
        self._watch = watch
        self._maintenance = maintenance
        self._shutdown = shutdown
        self._clock = clock
        self._heartbeat = heartbeat
        self._deferred = deferred
        self._trouble = shutdown.outage("take files in")
        self._unfinished = UnfinishedFiles(folder, clock)
        self._hints = FileEvents(folder, settler, self._unfinished, clock)
        self._recovered = False
        self._again = math.inf
        """Seconds until something that cannot leave the hand may be tried again."""

    def run(self) -> None:
        """Read what comes until asked to stop.

        Raises:
            Stopped: asked to stop while something was in hand; it is safe there.
            Hung: a picture never ends.
        """
        while not self._shutdown.is_stopping():
            try:
                began = self._clock().monotonic
                self._wait(until=began + self._look(), not_before=began + _SOONEST)
            except REFUSED as error:  # wherever it was: memory, or threads
                self._trouble.begin(as_os_error(error))
                self._recovered = False
                self._shutdown.wait(_POLLING)
        self._watch.stop()

    def _look(self) -> float:
        """Go through the inbox once; say how many seconds later to do so again."""
        try:
            self._home.check()
            # The observer first, then what lies there already: nothing falls between the two.
            self._supervise()
            if not self._recovered:
                self._recover()
                self._see_every_name()
            self._take_in(self._settled())
            self._again = self._intake.retry()
            self._intake.rest()
        except OSError as error:
            self._give_up_for_now(error)
            return _POLLING
        self._trouble.end()
        for found in self._intake.late():
            self._settler.remember(found)
        self._settler.end_of_listing()
        self._unfinished.end_of_listing()
        self._deferred.end_of_listing("be taken")
        self._deferred.end_of_listing("be listed", how="now it can, or it is gone")
        longest = _POLLING if isinstance(self._watch, PollingWatch) else _EVENTS
        soonest = self._maintenance.look()
        return min(soonest, self._settler.due(self._clock(), at_most=longest))

    def _recover(self) -> None:
        """Finish what was left in hand: by an earlier run, or by the turn that failed."""
        self._intake.recover()
        self._maintenance.recover()
        self._recovered = True
        if not self._trouble.lasts:
            logger.info("watching %s", self._folder)

    def _settled(self) -> Iterator[ListedFile]:
        for found in listing.listing(
            self._folder, aside=self._unfinished.note, refused=self._cannot_list
        ):
            if self._shutdown.is_stopping():
                return
            now = self._clock()
            # Both are asked: each forgets what a listing did not show.
            is_due = self._settler.is_settled(found, now) & self._deferred.is_due(found.name, now)
            if is_due and not self._unfinished.blocks(found.name):
                yield found

    def _cannot_list(self, folder: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self._deferred.put(folder, cannot="be listed", why=why, now=self._clock())

    def _take_in(self, ready: Iterator[ListedFile]) -> None:
        """Read files as they are found, a turn at a time, so that none waits for the last.

        What arrives meanwhile goes first: somebody is looking at it.
        """
        while group := list(islice(ready, self._intake.pace.size)):
            self._intake.handle(group, settled=True)
            self._heartbeat.beat()
            self._follow_hints()
            self._intake.retry()
            self._maintenance.catch_up(more=True)
            if self._shutdown.is_stopping():
                break
        self._intake.finish()

    def _see_every_name(self) -> None:
        """List all names before any file is read, so that a file is not met before its twin.

        That takes a moment where reading all may take hours, so the start is over with it.
        """
        listing.count_listed(self._folder, aside=self._unfinished.note)
        self._heartbeat.ready()

    def _follow_hints(self) -> None:
        """Read the files that events named, but for those that were written just now."""
        now = self._clock()
        found = self._hints.ready(self._watch.events())
        ready = (one for one in found if self._deferred.is_due(one.name, now))
        while group := list(islice(ready, self._intake.pace.size)):
            self._intake.handle(group, settled=False)

    def _wait(self, *, until: float, not_before: float) -> None:
        """Wait for the next listing; files that an event names are read meanwhile."""
        while not self._shutdown.is_stopping():
            left = until - self._clock().monotonic
            if left <= 0:
                return
            if self._recovered and self._maintenance.step():
                left = 0.0
            self._heartbeat.beat()
            if not self._recovered:
                self._shutdown.wait(left)
                continue
            self._shutdown.wait(min(left, self._hints.due(), self._again))
            try:
                self._follow_hints()
                self._intake.finish()
                self._again = self._intake.retry()
            except OSError as error:
                self._give_up_for_now(error)
                return
            self._maintenance.catch_up()
            now = self._clock()
            until = min(until, now.monotonic + self._settler.due(now))
            if self._hints.need_listing():
                until = not_before

    def _supervise(self) -> None:
        """Start the watch anew where it is deaf; only list where events cannot be had."""
        if not self._watch.is_well():
            self._recovered = False  # another disk is there, or is back, with what was in hand
            self._watch_anew()
        self._heartbeat.observing(self._watch.observing())

    def _watch_anew(self) -> None:
        try:
            self._watch.start()
        except OSError as error:
            if error.errno not in _NO_EVENTS:
                raise
            logger.warning("no events to be had (%s): listing the inbox instead", error.strerror)
            why = f"for there are no events to be had: {error.strerror}"
            self._watch = PollingWatch(self._folder, why)
            self._watch.start()

    def _give_up_for_now(self, error: OSError) -> None:
        """Tell of trouble, and begin the next look with what is in hand."""
        self._trouble.begin(error)
        self._recovered = False
        self._maintenance.catch_up()  # what it waited for may take long


def now() -> Clocks:
    """Read both clocks of this machine."""
    return Clocks(monotonic=time.monotonic(), wall_ns=time.time_ns())
