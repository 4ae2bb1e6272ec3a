"""Ends this process when a picture takes too long: the engine then has its share seen again."""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from worker.crew import trial

_STDERR: Final = 2  # the reader's log, which then tells where it was


@contextmanager
def patience() -> Iterator[None]:
    """Be patient for as long as one picture may take.

    No thread can be stopped, so the process ends. The interpreter's own watchdog sees to
    that: it needs no Python, which a decoder that never ends may not let run.
    """
    faulthandler.dump_traceback_later(trial.TIME_LIMIT, exit=True, file=_STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
