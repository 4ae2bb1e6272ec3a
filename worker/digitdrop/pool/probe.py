"""Try pictures out in a process of its own, which may die of them.

A picture that kills the worker (a fault in a decoder, all memory taken) would
kill it again after every restart. What a crash left in hand is therefore
tried here first. A picture that also kills this process, or keeps it busy for
too long, is to blame; one that only lay in hand when the power went is not.
"""

from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TypeVar

from digitdrop.pipeline import prepare
from digitdrop.pool.lifeline import begun, live_for_parent
from digitdrop.system.shutdown import Stopped
from digitdrop.values import Drop, Limits

Suspect = TypeVar("Suspect")

_LOOK = 0.2
_TRIES = 3  # starts of a process
_START = 60.0  # seconds that one may take to start

TIME_LIMIT = 60.0
"""Seconds that one picture may take before it counts as one that never ends."""


def find_poison(
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
        moved: called whenever one has been tried.

    Raises:
        Stopped: `is_stopping` said so first.
    """
    blamed = poison_among(
        partial(_see, limits),
        paths,
        is_stopping=is_stopping,
        time_limit=time_limit,
        moved=moved,
    )
    return {paths[index].absolute() for index in blamed}


def poison_among(
    read: Callable[[Suspect], object],
    items: Sequence[Suspect],
    *,
    time_limit: float,
    is_stopping: Callable[[], bool] = lambda: False,
    moved: Callable[[], None] = lambda: None,
) -> list[int]:
    """Find what kills or hangs whoever reads it, by its place in the list; as `find_poison`.

    Args:
        read: reads one of them, in the other process.
        items: what to read; it is sent there.
        time_limit: seconds for each.
        is_stopping: asked a few times a second.
        moved: called whenever one has been tried.

    Raises:
        Stopped: `is_stopping` said so first.
        MemoryError: no process can be started.
    """
    blamed = []
    start = 0
    while start < len(items):
        start += _survived(read, items[start:], time_limit, is_stopping, moved)
        if start < len(items):
            blamed.append(start)
            start += 1
            moved()
    return blamed


def _survived(
    read: Callable[[Suspect], object],
    items: Sequence[Suspect],
    time_limit: float,
    is_stopping: Callable[[], bool],
    moved: Callable[[], None],
) -> int:
    """Have another process read in turn; count what it survived in time."""
    survived = 0
    process, ours = _started(read, items, is_stopping)
    try:
        while survived < len(items) and _hears(ours, time_limit, is_stopping):
            survived += 1
            moved()
    finally:
        _end(process, ours)
    return survived


def _started(
    read: Callable[[Suspect], object], items: Sequence[Suspect], is_stopping: Callable[[], bool]
) -> tuple[SpawnProcess, "Connection[None, None]"]:
    """Start the process; one that dies before it has begun says nothing of any picture."""
    for _ in range(_TRIES):
        try:
            process, ours = begun(_try, read, items)
        except OSError:
            continue
        try:
            if _hears(ours, _START, is_stopping):
                return process, ours
        except Stopped:
            _end(process, ours)
            raise
        _end(process, ours)
    raise MemoryError("no process can be started")


def _hears(
    ours: "Connection[None, None]", patience: float, is_stopping: Callable[[], bool]
) -> bool:
    """Wait for one answer; False if the process died, or took too long."""
    try:
        while not ours.poll(_LOOK):
            patience -= _LOOK
            if is_stopping():
                raise Stopped
            if patience <= 0:
                return False
        ours.recv()
    except (EOFError, ConnectionError):
        return False
    return True


def _end(process: SpawnProcess, ours: "Connection[None, None]") -> None:
    process.kill()
    process.join()
    ours.close()


def _try(
    answers: "Connection[None, None]", read: Callable[[Suspect], object], items: Sequence[Suspect]
) -> None:
    live_for_parent()
    answers.send(None)
    for item in items:
        read(item)
        answers.send(None)


def _see(limits: Limits, path: Path) -> None:
    prepare(Drop(id="", path=path, name=path.name), limits)
