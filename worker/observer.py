"""watchdog's observer, told to hear of arrivals only.

On Linux that goes below what watchdog documents, so `pyproject.toml` names one minor version.
"""

import errno
import os
import sys
import warnings
from pathlib import Path
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

from worker.inbox import CLAIMED

ARRIVALS: Final[list[type[FileSystemEvent]]] = [
    FileClosedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
"""What is listened for."""
if sys.platform != "linux":  # where nobody tells of a closed file; here creation tells too little
    ARRIVALS.append(FileCreatedEvent)

if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyFullEmitter
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyFD,
        Mask,
        WatchCallback,
        WatchDescriptor,
    )

    # It finds some new folders twice, by event and by looking, and warns of its own finding.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")

    class _Arrivals(InotifyFullEmitter):
        """Tells what was moved in from what was created, and does not ask for departures.

        A file that was moved in is whole; one that was created is about to be written.

        watchdog holds each file that is moved out for half a second, in case it is
        moved in elsewhere, and with it everything that comes after. Every claim moves a
        file out, so a picture dropped just after another would wait that long.
        """

        def get_event_mask_from_filter(self) -> Mask:
            mask = super().get_event_mask_from_filter()
            return Mask(mask & ~InotifyConstants.IN_MOVED_FROM)

    class _Ear(InotifyFD):
        """Is deaf to what the worker itself does: a claim would cost twice as much as it takes."""

        def __init__(self, claimed: bytes) -> None:
            super().__init__()
            self._claimed = claimed

        def add_callback(
            self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
        ) -> WatchDescriptor:
            if (path + b"/").startswith(self._claimed):
                # watchdog passes over a folder that cannot be watched, if it is not the first.
                raise PermissionError(errno.EACCES, "not to be watched", path)
            return super().add_callback(path, mask, callback, id_)

    class _Observer(BaseObserver):
        """An observer with an ear of its own."""

        def __init__(self, folder: Path) -> None:
            self._ear = _Ear(os.fsencode(folder / CLAIMED) + b"/")
            super().__init__(_Arrivals, inotify_fd=self._ear)
            self._ear.start()

        def is_alive(self) -> bool:
            return super().is_alive() and self._ear.is_alive()

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._ear.stop()
            self._ear.join()

    def observer(folder: Path) -> BaseObserver:
        """Make one that is not started; it hears of a folder and of all below it."""
        return _Observer(folder)

else:
    from watchdog.observers import Observer

    def observer(folder: Path) -> BaseObserver:  # noqa: ARG001 - where all of it is watched
        """Make one that is not started; it hears of a folder and of all below it."""
        return Observer()
