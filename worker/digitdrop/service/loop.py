"""The loop of the service: list, settle, serve. Listings are complete; events are only faster."""

import errno
import logging
import math
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

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
from digitdrop.system.outage import Outage
from digitdrop.system.shutdown import Shutdown

logger = logging.getLogger(__name__)

_EVENTS: Final = 5.0  # seconds between listings when events shorten the wait
_POLLING: Final = 1.0  # seconds between listings without events
_SOONEST: Final = 0.2  # seconds between listings, however many events come
_NO_EVENTS: Final = {errno.ENOSPC, errno.EMFILE, errno.ENOSYS, errno.EPERM}


class ServiceLoop:
    """Serves the inbox until the stop is requested."""

    def __init__(
        self,
        *,
        folder: Path,
        service: BatchService,
        settler: Settler,
        watch: Watch,
        maintenance: Maintenance,
        home: HomeDisk,
        shutdown: Shutdown,
        clock: Callable[[], Clocks],
        heartbeat: Heartbeat,
        deferred: DeferredQueue,
    ) -> None:
        """Store the parts; nothing is watched or read before `run`."""
        self._home = home
        self._folder = folder
        self._service = service
        self._settler = settler
        self._watch = watch
        self._maintenance = maintenance
        self._shutdown = shutdown
        self._clock = clock
        self._heartbeat = heartbeat
        self._deferred = deferred
        self._outage = Outage("take files in", heartbeat.outage)
        self._unfinished = UnfinishedFiles(folder, clock)
        self._events = FileEvents(folder, settler, self._unfinished, clock)
        self._recovered = False
        self._retry_in = math.inf
        """Seconds until a postponed action may be retried."""

    def run(self) -> None:
        """Serve the inbox until the stop is requested.

        Raises:
            Stopped: the stop was requested while files were claimed; they stay claimed.
            ReadTimeout: a picture never ends.
        """
        while not self._shutdown.is_stopping():
            try:
                began = self._clock().monotonic
                self._wait(until=began + self._pass(), not_before=began + _SOONEST)
            except REFUSED as error:  # memory or threads, anywhere
                self._outage.begin(as_os_error(error))
                self._recovered = False
                self._shutdown.wait(_POLLING)
        self._watch.stop()

    def _pass(self) -> float:
        """List and serve the inbox once; return the seconds from then to the next pass."""
        try:
            self._home.check()
            # The observer before the listing: no file arrives unseen between the two.
            self._supervise()
            if not self._recovered:
                self._recover()
                self._see_every_name()
            self._serve(self._settled())
            self._retry_in = self._service.retry()
            self._service.shrink()
        except OSError as error:
            self._fail(error)
            return _POLLING
        self._outage.end()
        for found in self._service.late():
            self._settler.remember(found)
        self._settler.end_of_listing()
        self._unfinished.end_of_listing()
        self._deferred.end_of_listing("be taken")
        self._deferred.end_of_listing("be listed", how="now it can, or it is gone")
        longest = _POLLING if isinstance(self._watch, PollingWatch) else _EVENTS
        soonest = self._maintenance.look()
        return min(soonest, self._settler.due(self._clock(), at_most=longest))

    def _recover(self) -> None:
        """Complete the claims of an earlier run, or of the batch that failed."""
        self._service.recover()
        self._maintenance.recover()
        self._recovered = True
        if not self._outage.lasts:
            logger.info("watching %s", self._folder)

    def _settled(self) -> Iterator[ListedFile]:
        for found in listing.listing(
            self._folder, aside=self._unfinished.note, refused=self._cannot_list
        ):
            if self._shutdown.is_stopping():
                return
            now = self._clock()
            # Call both: each forgets the files that no listing shows.
            is_due = self._settler.is_settled(found, now) & self._deferred.is_due(found.name)
            if is_due and not self._unfinished.blocks(found.name):
                yield found

    def _cannot_list(self, folder: str, error: OSError) -> None:
        self._deferred.put(folder, cannot="be listed", error=error)

    def _serve(self, ready: Iterator[ListedFile]) -> None:
        """Serve files while they are listed, so that the first need not wait for the last.

        Files that arrive meanwhile go first: somebody may be waiting for them.
        """
        while group := list(islice(ready, self._service.batch_size.size)):
            self._service.serve_batch(group, settled=True)
            self._heartbeat.beat()
            self._follow_events()
            self._service.retry()
            self._maintenance.catch_up(more=True)
            if self._shutdown.is_stopping():
                break
        self._service.finish()

    def _see_every_name(self) -> None:
        """List all names before any file is read, so that unfinished files are known first.

        This takes a moment, and reading all files may take hours: the start ends here.
        """
        listing.count_listed(self._folder, aside=self._unfinished.note)
        self._heartbeat.ready()

    def _follow_events(self) -> None:
        """Serve the files that events named, except those that were written just now."""
        found = self._events.ready(self._watch.events())
        ready = (one for one in found if self._deferred.is_due(one.name))
        while group := list(islice(ready, self._service.batch_size.size)):
            self._service.serve_batch(group, settled=False)

    def _wait(self, *, until: float, not_before: float) -> None:
        """Wait for the next pass, and serve the files that events name meanwhile."""
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
            self._shutdown.wait(min(left, self._events.due(), self._retry_in))
            try:
                self._follow_events()
                self._service.finish()
                self._retry_in = self._service.retry()
            except OSError as error:
                self._fail(error)
                return
            self._maintenance.catch_up()
            now = self._clock()
            until = min(until, now.monotonic + self._settler.due(now))
            if self._events.need_listing():
                until = not_before

    def _supervise(self) -> None:
        """Restart a watch that sees nothing any more; fall back to polling without events."""
        if not self._watch.is_well():
            self._recovered = False  # the disk was changed, and its claims with it
            self._restart_watch()
        self._heartbeat.observing(self._watch.observing())

    def _restart_watch(self) -> None:
        try:
            self._watch.start()
        except OSError as error:
            if error.errno not in _NO_EVENTS:
                raise
            logger.warning("no events to be had (%s): listing the inbox instead", error.strerror)
            why = f"for there are no events to be had: {error.strerror}"
            self._watch = PollingWatch(self._folder, why)
            self._watch.start()

    def _fail(self, error: OSError) -> None:
        """Report an outage, and begin the next pass with the claims."""
        self._outage.begin(error)
        self._recovered = False
        self._maintenance.catch_up()  # the end of the outage may be far


def now() -> Clocks:
    """Read both clocks of this machine."""
    return Clocks(monotonic=time.monotonic(), wall_ns=time.time_ns())
