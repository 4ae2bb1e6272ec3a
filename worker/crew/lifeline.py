"""A process that reads for another one ends when that one does, and by no Ctrl-C."""

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess


def end_with_parent() -> None:
    """End this process once its parent is gone, even within a picture that never ends.

    Whether the worker shall stop is for the parent to hear: a Ctrl-C, and systemd, tell
    all processes. `start_deaf` sees to that earlier, but not on Windows.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    wait([parent.sentinel])
    os._exit(1)
