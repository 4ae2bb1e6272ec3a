"""Tell a lack of memory from a damaged picture: decoders report both in the same way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import numpy as np

from digitdrop.errors import OutOfMemory

PIXEL: Final = 20
"""Bytes for each pixel of a picture, in its decoder and all later steps, with all copies."""

_TAKEN: Final = 2**26
"""Bytes that OpenBLAS takes for its first product of matrices, and keeps; doubled for safety."""
_MATRICES: Final = threading.Lock()


def is_short(spare: int) -> bool:
    """Return True if the system refuses this many bytes now; none of them are used.

    It does so under RLIMIT_AS (`ulimit -v`), and where it does not overcommit memory.
    """
    try:
        np.empty(spare, np.uint8)
    except MemoryError:
        return True
    return False


@contextmanager
def matrices() -> Iterator[None]:
    """Multiply matrices in one thread at a time, so that OpenBLAS takes its memory only once.

    Without that memory OpenBLAS ends the process; so it is checked first.

    Raises:
        MemoryError: OpenBLAS would get too little memory.
    """
    with _MATRICES:
        _make_sure_of_room()
        yield


@cache  # an error is not kept: only success needs no second check
def _make_sure_of_room() -> None:
    if is_short(_TAKEN):
        raise MemoryError


def shortage(what: str) -> OutOfMemory:
    """Return the error for a picture that cannot be read for lack of memory.

    Args:
        what: kind and size of the picture, as far as they are known.
    """
    return OutOfMemory(f"not enough memory for {what}: free some, or raise the limit")
