"""Streams that say nothing: while a library greets below Python, or where nobody takes it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


@contextmanager
def silenced() -> Iterator[None]:
    """Keep what greets from stderr while it starts.

    LiteRT does when it makes its first delegate (google-ai-edge/mediapipe#2119), and Ray
    when it is told to be quiet. Errors come as exceptions, so nothing else is lost.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # there is none, as under some service managers
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def discard_output(stream: TextIO) -> None:
    """Have what a stream still holds go nowhere: Python would try again at its end, and fail."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def written(stream: TextIO) -> bool:
    """Write out what a stream holds; False where the disk or the reader takes nothing more."""
    try:
        stream.flush()
    except OSError:
        discard_output(stream)
        return False
    return True
