"""An observer of watchdog that reports arrivals only.

On Linux it extends classes that watchdog does not document, so `pyproject.toml` allows one minor
version.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
)
from watchdog.observers.api import BaseObserver

from digitdrop.intake import ignore

ARRIVALS: Final[list[type[FileSystemEvent]]] = [
    FileClosedEvent,
    FileMovedEvent,
    FileCreatedEvent,  # systems other than Linux do not report a closed file
    DirCreatedEvent,
    DirMovedEvent,
]
"""Kinds of events that are reported."""
_DEEPEST: Final = 32  # folders below the inbox


if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyFullEmitter, InotifyWatchGroup
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )
    from watchdog.observers.inotify_move_event_grouper import (
        GroupedInotifyEvent,
        PathedInotifyEvent,
    )

    class _Inotify(InotifyFD):
        """Accepts a folder twice: an event and a scan may both find it, and watchdog warns."""

        is_full = False
        """True once the system has refused to watch a folder."""

        def _add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:
            try:
                watch = self._get_or_create_watch(path, mask)
            except OSError as error:  # watchdog passes over it, but for the first folder
                self.is_full |= error.errno == errno.ENOSPC
                raise
            watch.callbacks[id_] = callback
            return watch.wd

    class _Folders(InotifyWatchGroup):
        """The folders that are watched: found without recursion, and without foreign folders.

        watchdog finds them by `os.walk`, which recurses in Python 3.11, so that a thousand
        nested folders would end its thread. It would also watch the claim folder, and a claim
        would cost twice as much. Folders deeper than `_DEEPEST` are left to listings: the system
        would walk the whole path again for each of them.
        """

        def _add_all_callbacks(self, path: bytes) -> None:
            name = os.fsdecode(os.path.basename(path))  # noqa: PTH119
            waiting = [path] if path == self.path or ignore.is_entered(name) else []
            deepest = self.path.count(b"/") + _DEEPEST
            while waiting:
                here = waiting.pop()
                if here.count(b"/") > deepest:
                    continue
                self._add_callback(here)  # before it is listed: nothing falls between the two
                with suppress(OSError), os.scandir(here) as entries:
                    waiting += [
                        entry.path
                        for entry in entries
                        if entry.is_dir(follow_symlinks=False)
                        and ignore.is_entered(os.fsdecode(entry.name))
                    ]

        def _recursive_simulate(self, src_path: bytes) -> list[InotifyEvent]:  # noqa: ARG002
            return []  # a new folder causes a listing, so its files need no events

    class _Arrivals(InotifyFullEmitter):
        """Reports files that are moved in, closed, or created under an unfinished name.

        A file that is moved in is whole. A created file is about to be written, so it is
        reported only if it may block another file, see `unfinished`.

        Departures are not reported. watchdog holds each file that is moved out for half a
        second, in case it is moved in elsewhere, and all later events with it. Every claim moves
        a file out, so the next picture would wait that long.
        """

        def get_event_mask_from_filter(self) -> Mask:
            mask = super().get_event_mask_from_filter()
            return Mask(mask & ~InotifyConstants.IN_MOVED_FROM)

        def on_thread_start(self) -> None:
            self._inotify = _Folders(
                self._inotify_fd,
                os.fsencode(self.watch.path),
                is_recursive=True,
                event_mask=self.get_event_mask_from_filter(),
            )

        def build_and_queue_event(
            self, event: GroupedInotifyEvent, *, full_events: bool = True
        ) -> None:
            if not isinstance(event, PathedInotifyEvent):  # a pair needs a departure
                super().build_and_queue_event(event, full_events=full_events)
                return
            raw, path = event.ev, os.fsdecode(event.path)
            if raw.is_directory and (raw.is_create or raw.is_moved_to):
                self.queue_event(DirCreatedEvent(path))
            elif raw.is_moved_to:
                self.queue_event(FileMovedEvent("", path))
            elif raw.is_close_write:
                self.queue_event(FileClosedEvent(path))
            elif raw.is_create and ignore.final_names(os.path.basename(path)):  # noqa: PTH119
                self.queue_event(FileCreatedEvent(path))
            elif raw.is_delete_self and path == self.watch.path:
                self.stop()

    class _Observer(BaseObserver):
        """Reports arrivals, and whether the system refused to watch a folder."""

        def __init__(self) -> None:
            self._inotify = _Inotify()
            super().__init__(_Arrivals, inotify_fd=self._inotify)
            self._inotify.start()

        def is_alive(self) -> bool:
            return super().is_alive() and self._inotify.is_alive()

        def is_full(self) -> bool:
            return self._inotify.is_full

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._inotify.stop()
            self._inotify.join()

    def observer() -> BaseObserver:
        """Return an observer that is not started; it covers a folder and all below it."""
        return _Observer()

    def is_full(watching: BaseObserver) -> bool:
        """Return True if the system has refused to watch some folders."""
        return isinstance(watching, _Observer) and watching.is_full()

else:
    from watchdog.observers import Observer

    def observer() -> BaseObserver:
        """Return an observer that is not started; it covers a folder and all below it."""
        return Observer()

    def is_full(watching: BaseObserver) -> bool:  # noqa: ARG001 - where that has no limit
        """Return True if the system has refused to watch some folders."""
        return False
