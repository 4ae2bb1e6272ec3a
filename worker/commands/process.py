"""What a command does with its process: hear when it shall end, and begin anew."""

import logging
import os
import signal
import sys
from typing import NoReturn

from worker import search_path
from worker.stopper import Stopper


def signalled() -> Stopper:
    """Make a stopper that SIGTERM and Ctrl-C press; what was begun is made whole first."""
    stopper = Stopper()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopper.stop())
    return stopper


def start_again() -> NoReturn:
    """Become a new process: a thread cannot be stopped, and a fresh start sets its file aside."""
    logging.getLogger(__name__).error("a picture never ends: starting anew, to set it aside")
    logging.shutdown()
    search_path.open_again()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
