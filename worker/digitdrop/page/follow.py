"""Make the page anew whenever the report has changed, as long as somebody writes the report."""

import os
import threading
import time
from datetime import UTC, datetime
from typing import Final

import cv2

from digitdrop.page.make import Maker
from digitdrop.system.shutdown import Shutdown

_EVERY: Final = 5.0  # seconds between two pages
_SHARE: Final = 10  # of the time at most a tenth goes into making pages, however large
_PATIENCE: Final = 1.0  # seconds for thumbnails in each page; the others come in the next one
_IDLE: Final = 30.0  # seconds without a change after which the process ends
_REST: Final = 50  # or so many times what its first page took: beginning anew is no habit
_LONGEST: Final = 3600.0  # seconds after which a fresh one is started: nothing grows for ever


def follow(
    maker: Maker, parent: int, *, every: float = _EVERY, idle: float = _IDLE, rest: float = _REST
) -> None:
    """Make the page until nothing has changed for a while or the parent ends.

    Then the last rows are shown, without waiting for thumbnails. What the disk refuses is
    tried again at the next turn.

    Args:
        maker: of the page.
        parent: descriptor of a pipe that ends when the parent does; nothing is ever written to it.
        every: seconds between two pages, at least.
        idle: seconds without a change after which to end, at least.
        rest: the same, in times of what the first page took.

    Raises:
        FolderError: a file that is no page of ours has the name.
        OSError: the last try failed.
    """
    cv2.setNumThreads(1)
    shutdown = Shutdown()
    threading.Thread(target=_stop_at_end, args=(parent, shutdown), daemon=True).start()
    began = changed = now = time.monotonic()
    pause, trouble = every, None
    while not shutdown.is_stopping():
        if maker.is_due():
            try:
                maker.make(now=datetime.now(UTC), patience=_PATIENCE)
                changed, trouble = time.monotonic(), None
            except OSError as error:
                trouble = error
            cost = time.monotonic() - now
            pause = max(every, _SHARE * cost)
            idle = max(idle, rest * cost) if now == began else idle
        if now - changed >= idle or now - began >= _LONGEST:
            break
        shutdown.wait(pause)
        now = time.monotonic()
    if shutdown.is_stopping() and maker.is_due():
        maker.make(now=datetime.now(UTC), patience=0)
    elif trouble:
        raise trouble


def _stop_at_end(parent: int, shutdown: Shutdown) -> None:
    while os.read(parent, 1):
        pass
    shutdown.stop()
