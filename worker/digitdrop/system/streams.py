"""Standard streams: silenced during the greeting of a library, or closed by their reader."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


@contextmanager
def silenced() -> Iterator[None]:
    """Discard everything written to stderr in this context, also by code below Python.

    LiteRT greets when it makes its first delegate (google-ai-edge/mediapipe#2119), and Ray at
    its start even if it is configured to be quiet. Their errors are exceptions.
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
    """Discard the buffer of a stream, which Python would fail to write at its end."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def written(stream: TextIO) -> bool:
    """Flush a stream; return False if the disk is full or the reader is gone."""
    try:
        stream.flush()
    except OSError:
        discard_output(stream)
        return False
    return True
