"""Is it the picture, or the memory? Decoders call a picture damaged where they got no memory."""

import threading
from typing import Final

import numpy as np

from digitdrop.errors import OutOfMemory

PIXEL: Final = 20
"""Bytes that a decoder and what follows may take for each pixel, copies included."""

_TAKEN: Final = 2**26
"""Bytes that OpenBLAS takes with its first product of matrices, and keeps; twice, for safety."""


def is_short(spare: int) -> bool:
    """Tell whether the system refuses so many bytes just now; none of them are used.

    It does under RLIMIT_AS (`ulimit -v`) and where it never promises more memory than it has.
    """
    try:
        np.empty(spare, np.uint8)
    except MemoryError:
        return True
    return False


class _Matrices:
    """One thread at a time multiplies matrices, so that OpenBLAS takes its memory only once.

    Where it gets none it ends the process, so it is asked for first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_taken = False

    def __enter__(self) -> None:
        """Wait for the turn; raises MemoryError where OpenBLAS would get none."""
        self._lock.acquire()
        if not self._has_taken and is_short(_TAKEN):
            self._lock.release()
            raise MemoryError
        self._has_taken = True

    def __exit__(self, *_: object) -> None:
        """Let others."""
        self._lock.release()


MATRICES: Final = _Matrices()
"""Held while matrices are multiplied."""


def shortage(what: str) -> OutOfMemory:
    """Make the error of a picture that could not be read for want of memory.

    Args:
        what: its kind and size, as far as they are known.
    """
    return OutOfMemory(f"not enough memory for {what}: free some, or raise the limit")
