"""Processes that a command starts: they ignore its signals, and end with it.

A terminal sends Ctrl-C to a command and to all processes that it has started.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from digitdrop.system.stop_signals import STOPS

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess


def allow_ctrl_c() -> None:
    """Have Ctrl-C raise KeyboardInterrupt from now on, unless another handler is set.

    Until then it ends a command at once and in silence, as it does most programs.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ignoring_signals() -> Iterator[None]:
    """Block SIGINT, SIGTERM and SIGHUP in processes that are started in this context.

    A signal that is blocked in the thread that starts a process is blocked in the process from
    its first moment on. Its parent decides when it ends. On Windows nothing is done: it
    blocks no signals.
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
    """Start a process of multiprocessing in `ignoring_signals`."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Else it is started with the first process, and then these signals are unblocked.
        resource_tracker.ensure_running()
    with ignoring_signals():
        process.start()


def ignore_signals() -> None:
    """Ignore the stop signals in a process that was started in `ignoring_signals`, for Windows."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


def end_with_parent() -> None:
    """End this process of multiprocessing as soon as its parent is gone, even in the middle."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if not parent:
        return

    def end() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
