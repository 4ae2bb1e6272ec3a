"""What a command does with its process: hear when it shall end, and begin anew."""

import logging
import os
import signal
import sys
from typing import Final

from worker import search_path
from worker.stopper import Stopper

_STOPS: Final = {signal.SIGTERM, signal.SIGINT}


def signalled() -> Stopper:
    """Make a stopper that SIGTERM and Ctrl-C press; what was begun is made whole first."""
    stopper = Stopper()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopper.stop())
    if hasattr(signal, "pthread_sigmask"):  # see `start_again`
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    return stopper


def start_again(stopper: Stopper) -> None:
    """Become a new process, since a thread cannot be ended; return if the end was asked for.

    A signal that comes meanwhile is kept for the new process.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    if stopper.is_stopping():
        return
    logging.getLogger(__name__).error("a picture never ends: starting anew, for a new thread")
    logging.shutdown()
    search_path.open_again()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
