"""Processes that make pictures beside the training."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

import cv2

from digitdrop.system.cores import cores
from digitdrop.system.orphan import end_with_parent

MOST = 4
"""More would make pictures faster than a network learns them."""


@contextmanager
def makers(*, spare: int) -> Iterator[Executor]:
    """Keep a process ready for each core, at least one and at most `MOST`.

    What they make must not depend on their number: whoever gives them work gives each
    piece a seed of its own.

    Args:
        spare: cores left to what goes on meanwhile.
    """
    # Spawned, not forked: a fork of a process with TensorFlow's threads may hang.
    pool = ProcessPoolExecutor(
        min(MOST, max(1, cores() - spare)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    cv2.setNumThreads(1)  # the other cores belong to the network
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    end_with_parent()  # one that is killed cannot end us, and we would wait for work for ever
