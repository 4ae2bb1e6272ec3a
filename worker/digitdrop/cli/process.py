"""Stop a command by a signal, and start it anew."""

import logging
import os
import signal
import sys

from digitdrop.log import logs
from digitdrop.system import search_path
from digitdrop.system.shutdown import Shutdown
from digitdrop.system.stop_signals import STOPS


def signalled() -> Shutdown:
    """Return a shutdown that SIGTERM, Ctrl-C and the end of the terminal begin.

    The end of the terminal is ignored where the parent process ignores it, as nohup does.
    """
    shutdown = Shutdown()
    for number in STOPS:
        if number in {signal.SIGTERM, signal.SIGINT} or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: shutdown.stop())
    return shutdown


def start_again(shutdown: Shutdown) -> None:
    """Become a new process, since a thread cannot be ended; return if a shutdown has begun.

    A signal that comes meanwhile is blocked until the new process handles it.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    if shutdown.is_stopping():
        return
    logging.getLogger(__name__).error("a picture never ends: starting anew, for a new thread")
    logs.release_stderr()
    search_path.open_again()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
