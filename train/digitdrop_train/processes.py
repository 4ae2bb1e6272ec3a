"""Processes that make pictures beside the training."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager

import cv2

from digitdrop.errors import SetupError
from digitdrop.system.cores import cores
from digitdrop.system.processes import end_with_parent

MOST_PROCESSES = 4
"""More would make pictures faster than a network learns them."""


class ProcessLost(SetupError):
    """A process that makes pictures has ended, as one that is killed for its memory."""


@contextmanager
def process_pool(*, spare: int, prepare: Callable[[], None] | None = None) -> Iterator[Executor]:
    """Keep a process ready for each core, at least one and at most `MOST_PROCESSES`.

    The pictures must not depend on the number of processes: give each task a seed of its own.

    Args:
        spare: cores left to the work that goes on meanwhile.
        prepare: called in each process before its first task; can be pickled.

    Raises:
        ProcessLost: a process was killed.
    """
    # Spawned, not forked: a fork of a process with TensorFlow's threads may hang.
    pool = ProcessPoolExecutor(
        min(MOST_PROCESSES, max(1, cores() - spare)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_initialise,
        initargs=(prepare,),
    )
    try:
        yield pool
    except BrokenExecutor as error:
        raise ProcessLost(
            "a process that makes pictures was killed, perhaps for want of memory: run the same "
            "command again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _initialise(prepare: Callable[[], None] | None) -> None:
    cv2.setNumThreads(1)  # the other cores belong to the network
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends on Ctrl-C, and this with it
    end_with_parent()  # a killed parent closes no pool, and this process would wait for ever
    if prepare:
        prepare()
