"""Ends this process when a picture takes too long: the engine then has its share seen again."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from worker.crew import trial


class Patience:
    """Looks at the clock while a picture is seen; no thread can be stopped, so a process is."""

    def __init__(self) -> None:
        """Begin with no picture."""
        self._since: float | None = None
        self._over = threading.Event()

    @contextmanager
    def with_one(self) -> Iterator[None]:
        """Be patient for as long as one picture may take."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def look(self) -> None:
        """Look until it is over."""
        while not self._over.wait(0.5):
            since = self._since
            if since and time.monotonic() - since > trial.TIME_LIMIT:
                os._exit(1)

    def end(self) -> None:
        """Let it be over."""
        self._over.set()


@contextmanager
def patience() -> Iterator[Patience]:
    """Look at the clock as long as the context lasts."""
    mine = Patience()
    threading.Thread(target=mine.look, daemon=True).start()
    try:
        yield mine
    finally:
        mine.end()
