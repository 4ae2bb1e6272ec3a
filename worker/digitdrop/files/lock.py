"""One writer per report: a lock that ends with its process."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from filelock import FileLock, Timeout

from digitdrop.errors import ReportError
from digitdrop.escape import one_line
from digitdrop.files.disk import make_folder
from digitdrop.files.regular import open_regular


@contextmanager
def lock_report(report: Path) -> Iterator[str]:
    """Be the only writer of a report as long as the context lasts.

    The system releases the lock when the process ends, for whatever reason. The file
    `.NAME.lock` stays behind and blocks nobody. Its text is for people: nothing is decided
    by a process number.

    Yields:
        Words that name this process, as `holder` returns them to others.

    Raises:
        ReportError: another process writes this report, or its folder is not writable.
    """
    path = _lock_file(report)
    lock = FileLock(path, timeout=_TIMEOUT, poll_interval=_TIMEOUT / 10)
    try:
        make_folder(report.parent)
        open_regular(path, "ab").close()  # FileLock would take a pipe for a file
        lock.acquire()
    except Timeout as error:
        raise ReportError(
            f"{report} is being written by {_holder(path)}: "
            "stop that one first, or give this one a report of its own"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise ReportError(f"cannot make {path}, which keeps others off: {error}") from error
    now = datetime.now(UTC)
    holder = f"process {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S} UTC"
    try:
        with suppress(OSError), open_regular(path, "rb+") as file:  # the disk may be full
            file.write(f"{holder}\n".encode())
            file.truncate()
        yield holder
    finally:
        lock.release()


def holder(report: Path) -> str | None:
    """Return words that name the process that writes a report now; None if there is none.

    This keeps no writer off: a lock is taken for an instant, and `lock_report` waits longer
    than that. The lock is a shared one, on Windows an exclusive one.

    Raises:
        ReportError: the lock may not be read.
    """
    path = _lock_file(report)
    try:
        with open_regular(path) as file:
            return _holder(path) if _is_locked(file) else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReportError(f"cannot look at {path}: {error.strerror}") from error


def held_since(report: Path) -> float:
    """Return when the present `holder` took the lock, in seconds since the epoch."""
    return _lock_file(report).stat().st_mtime


if sys.platform == "win32":

    def _is_locked(file: BinaryIO) -> bool:
        try:
            with FileLock(file.name, blocking=False):
                return False
        except Timeout:
            return True

else:
    import fcntl

    def _is_locked(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


_LONGEST: Final = 1000  # bytes
_TIMEOUT: Final = 0.5  # seconds: far longer than `holder` takes, and too short to be noticed


def _lock_file(report: Path) -> Path:
    return report.with_name(f".{report.name}.lock")


def _holder(path: Path) -> str:
    try:
        with open_regular(path) as file:
            text = file.read(_LONGEST).decode(errors="backslashreplace").strip()
    except OSError:
        text = ""
    return one_line(text) or "another process"
