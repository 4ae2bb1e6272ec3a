"""A process that reads for another one ends and logs as that one does."""

import os
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from worker.deaf import stay_deaf
from worker.log import logs


def live_for_parent() -> None:
    """End this process once its parent is gone, even within a picture; log as it does.

    Whether the worker shall stop is for the parent to hear: a Ctrl-C, and systemd, tell
    all processes. `start_deaf` sees to that earlier, but not on Windows.
    """
    stay_deaf()
    logs.as_in_parent()
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    wait([parent.sentinel])
    os._exit(1)
