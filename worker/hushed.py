"""Libraries that greet on stderr, below Python, and have no switch for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hushed() -> Iterator[None]:
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
