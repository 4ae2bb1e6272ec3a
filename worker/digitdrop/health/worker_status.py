"""The worker's status in `outbox/.status.json`: everything that the folders do not show."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Protocol

from digitdrop.files.mounts import HomeDisk
from digitdrop.files.regular import create_anew, open_regular

STATUS: Final = ".status.json"
"""Name of the file in the outbox."""

_SPACING: Final = 2.0  # seconds between two writes
_LONGEST: Final = 1 << 20  # bytes: enough for more than a hundred of the longest names


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """A file or folder that cannot be handled for now; the others are."""

    name: str
    """Relative to the inbox, or to `review/` for a correction; with `/` between its parts."""
    cannot: str
    """Completes "cannot ...": `be taken`, `be listed`, `be put back`, `be filed`."""
    why: str
    """The system's reason."""
    since: str
    """Time of the first failure; ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """State that only the process itself has; times are ISO 8601 in UTC."""

    holder: str
    """Identity of the lock holder. The file is valid only while this process holds the lock."""
    pid: int
    since: str
    """Start of the process."""
    model: str
    inbox: str
    """Absolute path of the watched folder."""
    settle: float
    """Seconds that a file must be unchanged."""
    max_wait: float
    """Seconds without a change after which a truncated picture is read as it is."""
    looking: str = ""
    """`events`, or `polling` with the reason."""
    is_ready: bool = False
    """True once the inbox is watched and was listed to its end."""
    deferred: tuple[Deferred, ...] = ()
    """Files and folders that are retried; the first 100."""
    deferred_files: int = 0
    """Number of all of them."""
    trouble: dict[str, str] = field(default_factory=dict)
    """Outages: "cannot ...: reason" -> begin."""
    read: dict[str, int] = field(default_factory=dict)
    """Rows of this run by status."""
    last: str = ""
    """Time of the last row of this run; empty if there is none."""


class StatusSink(Protocol):
    """Receiver of the worker's status."""

    def tell(self, status: WorkerStatus, now: float) -> None:
        """Publish the status if it is time.

        Called often, and only when the worker has moved on. Never raises OSError.

        Args:
            status: the same object as before if nothing has changed.
            now: monotonic seconds.
        """

    def end(self, status: WorkerStatus) -> None:
        """Publish that the worker stops."""


class StatusFile:
    """Writes the status file: one rename, not synced, only when the status has changed."""

    def __init__(self, outbox: Path, home: HomeDisk) -> None:
        """Name the file; a file of an earlier worker is replaced.

        Args:
            outbox: folder of the file.
            home: its disk. Nothing is written while the disk is away.
        """
        self._home = home
        self._path = outbox / STATUS
        self._aside = outbox / f"{STATUS}.new"
        self._written: WorkerStatus | None = None
        self._at = float("-inf")
        self._was_ready = False

    def tell(self, status: WorkerStatus, now: float) -> None:
        """Write a changed status, every two seconds at most; the first ready one at once.

        A file that cannot be written is removed, which needs no room on the disk: `status`
        then reports a worker in trouble instead of an old state.
        """
        is_first = status.is_ready and not self._was_ready
        if status is self._written or (now - self._at < _SPACING and not is_first):
            return
        self._at, self._was_ready = now, status.is_ready
        try:
            self._home.check()
            self._write(status)
        except OSError:
            self.end(status)
        else:
            self._written = status

    def end(self, status: WorkerStatus) -> None:  # noqa: ARG002 - a stopped worker has no status
        """Remove the file."""
        for path in (self._path, self._aside):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self, status: WorkerStatus) -> None:
        with create_anew(self._aside) as file:
            file.write(json.dumps(asdict(status)).encode())
        self._aside.replace(self._path)


def read_worker_status(outbox: Path, holder: str) -> WorkerStatus | None:
    """Read the status of the worker that holds the report's lock; None if there is none yet.

    A killed worker leaves a file behind. It is passed over, since its holder is another one.
    """
    try:
        with open_regular(outbox / STATUS) as file:
            found = json.loads(file.read(_LONGEST))
        status = WorkerStatus(
            **{**found, "deferred": tuple(Deferred(**item) for item in found["deferred"])}
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return status if status.holder == holder and _is_sound(status) else None


def _is_sound(status: WorkerStatus) -> bool:
    """Check the types of all fields: anybody may have written the file."""
    kinds = {"pid": int, "is_ready": bool, "deferred_files": int, "trouble": dict, "read": dict}
    numbers = {"settle": int | float, "max_wait": int | float}
    texts = dict.fromkeys(("since", "model", "inbox", "looking", "last"), str)
    return all(
        isinstance(getattr(status, name), kind) for name, kind in (kinds | numbers | texts).items()
    )
