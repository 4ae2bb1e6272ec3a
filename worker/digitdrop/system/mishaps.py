"""Errors of the machine in one line: no memory, threads, rights, or room for the output."""

import errno
import os
from typing import Final

from digitdrop.escape import printable

COULD_NOT_RUN: Final = 2
BROKE_OFF: Final = 3
"""Exit codes; README lists them all."""

REFUSED: Final = (MemoryError, RuntimeError, ImportError)
"""Exceptions that a lack of memory or threads may cause, besides OSError: see `as_os_error`."""

_LEAST: Final = 256 << 20  # bytes: with less OpenBLAS ends the process, without an exception
_MEMORY: Final = "not enough memory: free some, or raise the limit (ulimit -v, MemoryMax=)"
_NO_MEMORY: Final = (
    "failed to map segment",
    "cannot allocate memory",
    "can't allocate",
    "bad_alloc",
)
_TOO_MANY: Final = {errno.EMFILE, errno.ENFILE}


def explain_mishap(error: BaseException) -> tuple[str, int] | None:
    """Return a line about an error of the machine, and the exit code; None for a bug of ours.

    >>> explain_mishap(OSError(28, "No space left on device"))
    ('cannot write the output: No space left on device', 3)
    """
    if isinstance(error, MemoryError) or _mentions(error, _NO_MEMORY):
        return _MEMORY, COULD_NOT_RUN
    if isinstance(error, RuntimeError) and _mentions(error, ("can't start new thread",)):
        return (
            "cannot start a thread: raise the limit of processes (ulimit -u, TasksMax=), or the "
            "memory",
            COULD_NOT_RUN,
        )
    if isinstance(error, RuntimeError) and _mentions(error, ("symlink loop",)):
        return str(error), COULD_NOT_RUN  # by Path.resolve, up to Python 3.12
    return _refused(error) if isinstance(error, OSError) else None


def as_os_error(error: Exception) -> OSError:
    """Return a lack of memory or threads as an OSError, which may pass as others do.

    Raises:
        Exception: this error, if it is neither that nor an OSError.
    """
    if isinstance(error, OSError):
        return error
    if isinstance(error, REFUSED) and (found := explain_mishap(error)):
        return OSError(errno.ENOMEM, found[0])
    raise error


def too_little_memory() -> str | None:
    """Return a line if the memory limit of this process is too low to start; else None."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY or limit >= _LEAST:
        return None
    return f"{_MEMORY}: it is {limit >> 20} MiB, and {_LEAST >> 20} MiB are too little already"


def _mentions(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in words)


def _refused(error: OSError) -> tuple[str, int]:
    why = error.strerror or str(error) or type(error).__name__
    if error.errno in _TOO_MANY:
        return f"{why}: raise the limit of open files (ulimit -n, LimitNOFILE=)", COULD_NOT_RUN
    if error.filename is None:
        return f"cannot write the output: {why}", BROKE_OFF
    return f"cannot use {printable(os.fsdecode(str(error.filename)))}: {why}", COULD_NOT_RUN
