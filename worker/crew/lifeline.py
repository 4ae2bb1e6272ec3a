"""A process that reads for another one ends when that one does, in whatever way it ends."""

import os
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess


def end_with_parent() -> None:
    """End this process once its parent is gone, even within a picture that never ends."""
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    wait([parent.sentinel])
    os._exit(1)
