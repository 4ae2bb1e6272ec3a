"""The watchdog observer. It only says "look"; what lies in the inbox, listings tell."""

import errno
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from digitdrop.intake import ignore
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.observer import ARRIVALS, is_full, observer

logger = logging.getLogger(__name__)

_MOST_HINTS: Final = 10_000  # memory stays bounded; a listing finds the rest

LOOK_EVERYWHERE: Final = ""
"""Among the names: a folder arrived, or more files than can be named."""

_LIMITS: Final = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches with sysctl",
    errno.EMFILE: "raise fs.inotify.max_user_instances with sysctl",
}


class Watch(Protocol):
    """Something that says when to look, and perhaps where."""

    def start(self) -> None:
        """Begin; raises OSError where the folder cannot be watched."""

    def stop(self) -> None:
        """End; harmless when it has ended already."""

    def is_well(self) -> bool:
        """Say whether it still sees the folder that now has the inbox's name."""

    def observing(self) -> str:
        """Say by what files are noticed: events, or listings."""

    def events(self) -> set[str]:
        """Give and forget the names of files that arrived or were closed since asked last."""


class PollingWatch:
    """Watches nothing: listings alone tell what is there."""

    def __init__(self, folder: Path, why: str = "as asked for") -> None:
        """Name the inbox, and say why there are no events."""
        self._folder = folder
        self._why = why
        self._watched: tuple[int, int] | None = None

    def start(self) -> None:
        """Know the folder from now on."""
        self._watched = _identity(self._folder)

    def stop(self) -> None:
        """Do nothing."""

    def is_well(self) -> bool:
        """Say whether the folder is still the same."""
        return _identity(self._folder) == self._watched

    def observing(self) -> str:
        """Say that there are listings only, and why."""
        return f"polling, {self._why}"

    def events(self) -> set[str]:
        """Know nothing."""
        return set()


class EventWatch(FileSystemEventHandler):
    """Hears from the system when files arrive.

    The handler does nothing but note the name: whatever it does holds up the
    observer, and what it raises kills it.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        """Watch a folder and all below it.

        Args:
            folder: the inbox.
            wake: called from another thread when there is something to look at,
                once until `hints` is asked.
        """
        self._folder = folder
        self._root = os.fspath(folder)
        self._wake = wake
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._awake = False
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None

    def start(self) -> None:
        """Start a new observer, whatever became of the last one."""
        self.stop()
        self._watched = _identity(self._folder)
        # The inbox may be a link: what is watched is the folder itself, and told by its path.
        self._root = os.path.realpath(self._folder)
        try:
            self._observer = observer()
            self._observer.schedule(self, self._root, recursive=True, event_filter=ARRIVALS)
            self._observer.start()
        except OSError as error:
            self.stop()
            hint = _LIMITS.get(error.errno or 0)
            told = f"{error.strerror}; {hint}" if hint else error.strerror
            raise OSError(error.errno, told) from error

    def stop(self) -> None:
        """Stop the observer; it drops what it has not told yet, which the next listing finds."""
        if self._observer:
            self._observer.stop()
            if self._observer.ident:  # it was started
                self._observer.join(timeout=2)
        self._observer = None

    def is_well(self) -> bool:
        """Say whether all its threads live and the folder is still the one it watches.

        A folder that was deleted and made again, or renamed away, leaves an
        observer that looks alive and hears nothing; so does a link that leads elsewhere now.
        """
        return (
            self._observer is not None
            and self._observer.is_alive()
            and all(emitter.is_alive() for emitter in self._observer.emitters)
            and _identity(self._folder) == self._watched
        )

    def observing(self) -> str:
        """Say that there are events, or where there are none."""
        if self._observer and is_full(self._observer):
            return f"events, and listings for some folders: {_LIMITS[errno.ENOSPC]}"
        return "events"

    def events(self) -> set[str]:
        """Give and forget the names that were told since the last call."""
        with self._lock:
            names, self._names = self._names, set()
            self._awake = False
        return names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a name; for watchdog alone."""
        path = os.fsdecode(event.dest_path or event.src_path)
        name = path.removeprefix(self._root + os.sep)
        if name.startswith(CLAIMED) or name == path:
            return
        is_read = event.is_directory or not ignore.by_name(name.rpartition(os.sep)[2])
        with self._lock:
            named = not event.is_directory and len(self._names) < _MOST_HINTS
            self._names.add(name.replace(os.sep, "/") if named else LOOK_EVERYWHERE)
            asleep, self._awake = not self._awake, self._awake or is_read
        if asleep and is_read:  # what is left alone can wait until something else is told
            self._wake()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
