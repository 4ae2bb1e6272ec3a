"""watchdog's observer, told to hear of arrivals only.

On Linux that goes below what watchdog documents, so `pyproject.toml` names one minor version.
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
    FileCreatedEvent,  # elsewhere than on Linux nobody tells of a closed file
    DirCreatedEvent,
    DirMovedEvent,
]
"""What is listened for."""
_DEEPEST: Final = 32  # folders below the inbox


def _is_ours(folder: bytes) -> bool:
    return not ignore.is_foreign_folder(os.fsdecode(folder))


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

    class _Ear(InotifyFD):
        """Takes a folder twice, since some are found by event and by looking; watchdog warns."""

        is_full = False
        """Whether the system did not allow to watch one folder more."""

        def _add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:
            try:
                watch = self._get_or_create_watch(path, mask)
            except OSError as error:  # which watchdog passes over, but for the first folder
                self.is_full |= error.errno == errno.ENOSPC
                raise
            watch.callbacks[id_] = callback
            return watch.wd

    class _Folders(InotifyWatchGroup):
        """The folders that are watched: without recursion, and without those of others.

        watchdog finds them by `os.walk`, which recurses in Python 3.11, so that a thousand
        nested folders would end its thread. It would also hear of all that the worker does
        itself, and a claim would cost twice as much as it takes. What lies deeper than
        `_DEEPEST` folders is left to listings: each step on the way to it would be taken again
        for every folder there.
        """

        def _add_all_callbacks(self, path: bytes) -> None:
            is_ours = path == self.path or _is_ours(os.path.basename(path))  # noqa: PTH119
            waiting = [path] if is_ours else []
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
                        if entry.is_dir(follow_symlinks=False) and _is_ours(entry.name)
                    ]

        def _recursive_simulate(self, src_path: bytes) -> list[InotifyEvent]:  # noqa: ARG002
            return []  # a new folder means to list everything, so nothing in it need be told

    class _Arrivals(InotifyFullEmitter):
        """Tells what was moved in from what was created, and does not ask for departures.

        A file that was moved in is whole; one that was created is about to be written,
        and is told only if its name says that it is unfinished: see `twins`.

        watchdog holds each file that is moved out for half a second, in case it is
        moved in elsewhere, and with it everything that comes after. Every claim moves a
        file out, so a picture dropped just after another would wait that long.
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
            told, path = event.ev, os.fsdecode(event.path)
            if told.is_directory and (told.is_create or told.is_moved_to):
                self.queue_event(DirCreatedEvent(path))
            elif told.is_moved_to:
                self.queue_event(FileMovedEvent("", path))
            elif told.is_close_write:
                self.queue_event(FileClosedEvent(path))
            elif told.is_create and ignore.finished(os.path.basename(path)):  # noqa: PTH119
                self.queue_event(FileCreatedEvent(path))
            elif told.is_delete_self and path == self.watch.path:
                self.stop()

    class _Observer(BaseObserver):
        """An observer with an ear of its own."""

        def __init__(self) -> None:
            self._ear = _Ear()
            super().__init__(_Arrivals, inotify_fd=self._ear)
            self._ear.start()

        def is_alive(self) -> bool:
            return super().is_alive() and self._ear.is_alive()

        def is_full(self) -> bool:
            return self._ear.is_full

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._ear.stop()
            self._ear.join()

    def observer() -> BaseObserver:
        """Make one that is not started; it hears of a folder and of all below it."""
        return _Observer()

    def is_full(one: BaseObserver) -> bool:
        """Say whether there are folders that the system did not allow to watch as well."""
        return isinstance(one, _Observer) and one.is_full()

else:
    from watchdog.observers import Observer

    def observer() -> BaseObserver:
        """Make one that is not started; it hears of a folder and of all below it."""
        return Observer()

    def is_full(one: BaseObserver) -> bool:  # noqa: ARG001 - where that has no limit
        """Say whether there are folders that the system did not allow to watch as well."""
        return False
