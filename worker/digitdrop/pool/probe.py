"""Find poison: pictures that kill or hang the process that reads them.

A picture that kills its reader (a fault in a decoder, all memory taken) would kill it again
after every restart. So each suspect is read in another process first. A picture that kills
this process as well, or keeps it busy for too long, is poison; a picture that was only in
hand when the power went is not.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias, TypeVar

from digitdrop.pipeline import prepare
from digitdrop.pool.child import DIED, ChildProcess
from digitdrop.values import Drop, Limits

Suspect = TypeVar("Suspect")
_Child: TypeAlias = "ChildProcess[Suspect, None]"

_TRIES = 3  # starts of a process
_START = 60.0  # seconds that a process may take to start

TIME_LIMIT = 60.0
"""Seconds that one picture may take before it counts as one that never ends."""


def find_poison(
    read: Callable[[Suspect], object], items: Sequence[Suspect], *, time_limit: float | None
) -> list[int]:
    """Return the indices of the items that kill or hang the process that reads them.

    Args:
        read: reads one item, in the other process; pickled.
        items: the suspects; pickled one by one.
        time_limit: seconds for each item; None for no limit.

    Raises:
        MemoryError: no process can be started.
    """
    poison = []
    child: _Child[Suspect] | None = None
    try:
        for index, item in enumerate(items):
            child = child or _started(read)
            with suppress(ConnectionError):  # it is dead, as `_answers` will find
                child.channel.send(item)
            if not _answers(child, time_limit):
                poison.append(index)
                child.end()
                child = None
    finally:
        if child:
            child.end()
    return poison


def prepare_file(limits: Limits, path: Path) -> None:
    """Read a file as the worker would; for `find_poison`, by `functools.partial`."""
    prepare(Drop(id="", path=path, name=path.name), limits)


def _started(read: Callable[[Suspect], object]) -> "_Child[Suspect]":
    """Start a process; if it dies before its first picture, no picture is to blame."""
    for _ in range(_TRIES):
        with suppress(OSError):
            child: _Child[Suspect] = ChildProcess(_read_each, read)
            try:
                if _answers(child, _START):
                    return child
            except BaseException:
                child.end()
                raise
            child.end()
    raise MemoryError("no process can be started")


def _answers(child: "_Child[Suspect]", time_limit: float | None) -> bool:
    """Wait for an answer; return False if the process died, or took too long."""
    try:
        if child.channel.poll(time_limit):
            child.channel.recv()
            return True
    except DIED:
        pass  # as one that takes too long
    return False


def _read_each(channel: "Connection[None, Suspect]", read: Callable[[Suspect], object]) -> None:
    channel.send(None)
    while True:
        read(channel.recv())
        channel.send(None)
