"""Remake the page whenever the report has changed, until it changes no more."""

import os
import threading
import time
from datetime import UTC, datetime
from typing import Final

import cv2

from digitdrop.page.make import Maker
from digitdrop.system.shutdown import Shutdown

_EVERY: Final = 5.0  # seconds between two pages
_SHARE: Final = 10  # at most a tenth of the time goes into making pages, however large
_TIMEOUT: Final = 1.0  # seconds for thumbnails in each page; the others come in the next page
_IDLE: Final = 30.0  # seconds without a change after which the process ends
_REST: Final = 50  # the same, in times of the first page's cost: a new start costs as much
_LONGEST: Final = 3600.0  # seconds after which a new process is started, to bound its memory


def follow(
    maker: Maker, parent: int, *, every: float = _EVERY, idle: float = _IDLE, rest: float = _REST
) -> None:
    """Make the page until nothing has changed for a while, or the parent ends.

    At the end of the parent, the page is made once more, without waiting for thumbnails. After
    an error of the disk, the page is tried again at the next pass.

    Args:
        maker: makes the page.
        parent: descriptor of a pipe that ends with the parent; it carries no data.
        every: shortest time between two pages, in seconds.
        idle: shortest time without a change after which to end, in seconds.
        rest: the same, in times of the duration of the first page.

    Raises:
        FolderError: a foreign file has the page's name.
        OSError: the last page could not be made.
    """
    cv2.setNumThreads(1)
    shutdown = Shutdown()
    threading.Thread(target=_stop_at_end, args=(parent, shutdown), daemon=True).start()
    began = changed = now = time.monotonic()
    pause, failure = every, None
    while not shutdown.is_stopping():
        if maker.is_due():
            try:
                maker.make(now=datetime.now(UTC), timeout=_TIMEOUT)
                changed, failure = time.monotonic(), None
            except OSError as error:
                failure = error
            cost = time.monotonic() - now
            pause = max(every, _SHARE * cost)
            idle = max(idle, rest * cost) if now == began else idle
        if now - changed >= idle or now - began >= _LONGEST:
            break
        shutdown.wait(pause)
        now = time.monotonic()
    if shutdown.is_stopping() and maker.is_due():
        maker.make(now=datetime.now(UTC), timeout=0)
    elif failure:
        raise failure


def _stop_at_end(parent: int, shutdown: Shutdown) -> None:
    while os.read(parent, 1):
        pass
    shutdown.stop()
