"""Is it the picture, or the memory? Decoders call a picture damaged where they got no memory."""

from typing import Final

import numpy as np

from worker.errors import OutOfMemory

PIXEL: Final = 20
"""Bytes that a decoder and what follows may take for each pixel, copies included."""


def is_short(spare: int) -> bool:
    """Tell whether the system refuses so many bytes just now; none of them are used.

    It does under RLIMIT_AS (`ulimit -v`) and where it never promises more memory than it has.
    """
    try:
        np.empty(spare, np.uint8)
    except MemoryError:
        return True
    return False


def shortage(what: str) -> OutOfMemory:
    """Make the error of a picture that could not be read for want of memory.

    Args:
        what: its kind and size, as far as they are known.
    """
    return OutOfMemory(f"not enough memory for {what}: free some, or raise the limit")
