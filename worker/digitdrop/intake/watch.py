"""Wait for files by events of the system, so that no file waits for the next listing.

Listings find all files; events only shorten the wait.
"""

import errno
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from digitdrop.intake import ignore
from digitdrop.intake.listing import CLAIMED, ListedFile, find_drop
from digitdrop.intake.observer import ARRIVALS, is_full, observer
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.intake.unfinished import UnfinishedFiles

AFTERCARE: Final = 0.015
"""Seconds after its last write in which a file stays under its name.

Many senders set mode and times by name once they have closed the file (Python's shutil.copy
among them), and would fail if it were gone by then. Of 50,000 such copies, most of them on
two cores that up to twelve busy processes shared, the slowest took 8 ms.
"""
LOOK_EVERYWHERE: Final = ""
"""A name among events: a folder arrived, or too many files for their names to be kept."""

_MOST_NAMES: Final = 10_000  # memory stays bounded; a listing finds the other files
_LIMITS: Final = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches with sysctl",
    errno.EMFILE: "raise fs.inotify.max_user_instances with sysctl",
}


class Watch:
    """A source of events for one inbox; without any, the service relies on listings."""

    def __init__(self, folder: Path) -> None:
        """Set the inbox; nothing is watched before `start`."""
        self._folder = folder
        self._watched: tuple[int, int] | None = None

    def start(self) -> None:
        """Begin to watch the folder that has the inbox's name now.

        Raises:
            OSError: the folder cannot be watched.
        """
        self._watched = self._identity()

    def stop(self) -> None:
        """End; harmless if it has ended already."""

    def is_well(self) -> bool:
        """Return True while the inbox is the folder that is watched.

        If the inbox is deleted and made again, renamed, or a link to another folder by now, no
        events come.
        """
        return self._identity() == self._watched

    def events(self) -> set[str]:
        """Return and forget the names of files that arrived or were closed since the last call."""
        return set()

    def observing(self) -> str:
        """Return the way in which files are noticed, in words: events or listings."""
        raise NotImplementedError

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._folder.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino


class PollingWatch(Watch):
    """Has no events: the service finds files by listings alone."""

    def __init__(self, folder: Path, why: str = "as asked for") -> None:
        """Set the inbox, and the reason why there are no events."""
        super().__init__(folder)
        self._why = why

    def observing(self) -> str:
        """Return `polling`, with the reason."""
        return f"polling, {self._why}"


class EventWatch(Watch, FileSystemEventHandler):
    """Collects the names of files that arrive, by watchdog.

    The handler only notes a name: a slow handler holds up the observer, and an exception in
    it ends the observer's thread.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        """Watch a folder and all below it.

        Args:
            folder: the inbox.
            wake: called from another thread when there are events, once until `events` is called.
        """
        super().__init__(folder)
        self._root = os.fspath(folder)
        self._wake = wake
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._awake = False
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Start a new observer, in the place of an earlier one."""
        self.stop()
        super().start()
        # The inbox may be a link. The folder itself is watched, and events have its real path.
        self._root = os.path.realpath(self._folder)
        try:
            self._observer = observer()
            self._observer.schedule(self, self._root, recursive=True, event_filter=ARRIVALS)
            self._observer.start()
        except OSError as error:
            self.stop()
            remedy = _LIMITS.get(error.errno or 0)
            text = f"{error.strerror}; {remedy}" if remedy else error.strerror
            raise OSError(error.errno, text) from error

    def stop(self) -> None:
        """Stop the observer; events that it has not delivered are lost to the next listing."""
        if self._observer:
            self._observer.stop()
            if self._observer.ident:  # it was started
                self._observer.join(timeout=2)
        self._observer = None

    def is_well(self) -> bool:
        """Return True while all threads live and the inbox is the folder that is watched."""
        return (
            self._observer is not None
            and self._observer.is_alive()
            and all(emitter.is_alive() for emitter in self._observer.emitters)
            and super().is_well()
        )

    def observing(self) -> str:
        """Return `events`, and the remedy if some folders have none."""
        if self._observer and is_full(self._observer):
            return f"events, and listings for some folders: {_LIMITS[errno.ENOSPC]}"
        return "events"

    def events(self) -> set[str]:
        """Return and forget the names since the last call."""
        with self._lock:
            names, self._names = self._names, set()
            self._awake = False
        return names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a name; called by watchdog alone."""
        path = os.fsdecode(event.dest_path or event.src_path)
        name = path.removeprefix(self._root + os.sep)
        if name.startswith(CLAIMED) or name == path:
            return
        is_drop = event.is_directory or not ignore.by_name(name.rpartition(os.sep)[2])
        with self._lock:
            named = not event.is_directory and len(self._names) < _MOST_NAMES
            self._names.add(name.replace(os.sep, "/") if named else LOOK_EVERYWHERE)
            asleep, self._awake = not self._awake, self._awake or is_drop
        if asleep and is_drop:  # the name of an unfinished file can wait for the next event
            self._wake()


class FileEvents:
    """Keeps the names from events until their files may be read."""

    def __init__(
        self,
        folder: Path,
        settler: Settler,
        unfinished: UnfinishedFiles,
        clock: Callable[[], Clocks],
    ) -> None:
        """Start without any name.

        Args:
            folder: the inbox.
            settler: decides which files must wait in any case.
            unfinished: decides which files wait for an unfinished one beside them; gets all names.
            clock: returns the present time.
        """
        self._folder = folder
        self._settler = settler
        self._unfinished = unfinished
        self._clock = clock
        self._names: set[str] = set()
        self._due = math.inf
        """Seconds on the monotonic clock."""

    def due(self) -> float:
        """Return the seconds until the next of the files may be read."""
        return max(0.0, self._due - self._clock().monotonic)

    def ready(self, names: set[str]) -> list[ListedFile]:
        """Return the files that may be read; keep the names of those written just now.

        Args:
            names: the names of new events, `LOOK_EVERYWHERE` among them.
        """
        self._names |= names
        for name in names:
            self._unfinished.note(name)
        found = [find_drop(self._folder, name) for name in self._names - {LOOK_EVERYWHERE}]
        now = self._clock()
        there = [each for each in found if each and self._settler.may_be_tried(each, now)]
        waits = {each.name: AFTERCARE - now.age(each) for each in there}
        fresh = {name: wait for name, wait in waits.items() if 0 < wait <= AFTERCARE}
        self._due = now.monotonic + min(fresh.values(), default=math.inf)
        self._names &= {*fresh, LOOK_EVERYWHERE}
        # Many senders remove the unfinished file after they have closed the other: check it last.
        return [
            each
            for each in there
            if each.name not in fresh and not self._unfinished.blocks(each.name)
        ]

    def need_listing(self) -> bool:
        """Return True, once, if something arrived without its name."""
        needed = LOOK_EVERYWHERE in self._names
        self._names.discard(LOOK_EVERYWHERE)
        return needed
