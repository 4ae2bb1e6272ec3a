"""One writer per report: a lock that dies with its process."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from worker.disk import make_folder
from worker.errors import ReportError


@contextmanager
def held(report: Path) -> Iterator[None]:
    """Be the only writer of a report as long as the context lasts.

    The system lets go of the lock when its process ends, however it ends; the
    file `.NAME.lock` that stays behind blocks nobody. What is written in it is
    for people: nothing is decided by a process number.

    Raises:
        ReportError: another process writes this report, or its folder is not writable.
    """
    path = report.with_name(f".{report.name}.lock")
    lock = FileLock(path, blocking=False)
    try:
        make_folder(report.parent)
        lock.acquire()
    except Timeout as error:
        raise ReportError(
            f"{report} is being written by {_holder(path)}: "
            "stop that one first, or give this one a report of its own"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise ReportError(f"cannot make {path}, which keeps others off: {error}") from error
    try:
        with suppress(OSError):  # a full disk: it is only for people
            path.write_text(f"process {os.getpid()} on {socket.gethostname()} {_since()}\n")
        yield
    finally:
        lock.release()


def _since() -> str:
    return f"since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _holder(path: Path) -> str:
    try:
        return path.read_text().strip() or "another process"
    except OSError:
        return "another process"
