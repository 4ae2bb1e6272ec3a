"""Whom a Ctrl-C reaches: a terminal sends it to a command and to all that it has started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from digitdrop.system.stop_signals import STOPS

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess


def allow_ctrl_c() -> None:
    """Have Ctrl-C raise KeyboardInterrupt from now on, unless somebody else handles it.

    Until then it ends a command at once and in silence, as it does most programs.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ignoring_signals() -> Iterator[None]:
    """Have processes that are started meanwhile never hear SIGINT, SIGTERM and SIGHUP.

    What is blocked in the thread that starts a process is blocked in the process from its
    first moment on, long before it could see to that itself. Whether and when it ends is
    for its parent to decide. On Windows, which blocks no signals, nothing is done.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_ignoring_signals(process: "BaseProcess") -> None:
    """Start a process of multiprocessing that is deaf to what asks a command to end."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Else it is started with the first process, and then these signals are let through.
        resource_tracker.ensure_running()
    with ignoring_signals():
        process.start()


def ignore_signals() -> None:
    """Hear none of them in a process that was started deaf: on Windows it was not."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
