"""Try pictures out in a process of its own, which may die of them.

A picture that kills the worker (a fault in a decoder, all memory taken) would
kill it again after every restart. What a crash left in hand is therefore
tried here first. A picture that also kills this process, or keeps it busy for
too long, is to blame; one that only lay in hand when the power went is not.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from worker.pipeline import see
from worker.stopper import Stopped
from worker.values import Drop, Limits

_LOOK = 0.2

TIME_LIMIT = 60.0
"""Seconds that one picture may take before it counts as one that never ends."""


def deadly(
    paths: Sequence[Path],
    limits: Limits,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
    time_limit: float = TIME_LIMIT,
    moved: Callable[[], None] = lambda: None,
) -> set[Path]:
    """Find the files that kill or hang whoever reads them; their paths are made absolute.

    Args:
        paths: the files.
        limits: what each may cost.
        is_stopping: asked a few times a second.
        time_limit: seconds for each.
        moved: called whenever another one is to blame.

    Raises:
        Stopped: `is_stopping` said so first.
    """
    blamed: set[Path] = set()
    start = 0
    while start < len(paths):
        start += _survived(paths[start:], limits, time_limit, is_stopping)
        if start < len(paths):
            blamed.add(paths[start].absolute())
            start += 1
        moved()
    return blamed


def _survived(
    paths: Sequence[Path], limits: Limits, time_limit: float, is_stopping: Callable[[], bool]
) -> int:
    """Have another process read files in turn; count those that it survived in time."""
    context = multiprocessing.get_context("spawn")  # a fork would share our threads' locks
    ours, theirs = context.Pipe()
    process = context.Process(target=_try, args=(theirs, paths, limits), daemon=True)
    process.start()
    theirs.close()  # so that the pipe ends when the process does
    try:
        for survived in range(len(paths)):
            patience = time_limit
            while not ours.poll(_LOOK):
                patience -= _LOOK
                if is_stopping():
                    raise Stopped
                if patience <= 0:
                    return survived
            ours.recv()
    except (EOFError, ConnectionError):
        return survived
    finally:
        process.kill()
        process.join()
        ours.close()
    return len(paths)


def _try(answers: "Connection[None, None]", paths: Sequence[Path], limits: Limits) -> None:
    for path in paths:
        see(Drop(id="", path=path, name=path.name), limits)
        answers.send(None)
