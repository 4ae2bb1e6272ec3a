"""Ends this process when a picture takes too long: the engine then has its share seen again."""

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from digitdrop.pool import probe


@contextmanager
def patience() -> Iterator[None]:
    """Be patient for as long as one picture may take.

    No thread can be stopped, so the process ends. The system sees to that: it needs no
    Python, which a decoder that never ends may not let run.
    """
    _alarm(probe.TIME_LIMIT)
    try:
        yield
    finally:
        _alarm(0)


def _alarm(seconds: float) -> None:
    """Have this process end after some seconds, unless 0 takes that back."""
    if hasattr(signal, "setitimer"):  # SIGALRM, which nobody handles, and is deadly then
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif seconds:  # Windows; a thread for each picture, half the cost of a small one
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()
