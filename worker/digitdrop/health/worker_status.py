"""What a worker tells of itself, in `outbox/.status.json`; all else is read from the folders."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Protocol

from digitdrop.files.mounts import HomeDisk
from digitdrop.files.regular import create_anew, open_regular

STATUS: Final = ".status.json"
"""Its name in the outbox."""

_SPACING: Final = 2.0  # seconds between two writes
_LONGEST: Final = 1 << 20  # bytes: more than a hundred of the longest names take


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """One file or folder that cannot be handled for now; the others are."""

    name: str
    """Relative to the inbox, or to `review/` for a correction; with `/` between its parts."""
    cannot: str
    """Completes "cannot ...": `be taken`, `be listed`, `be put back`, `be filed`."""
    why: str
    """What the system says."""
    since: str
    """When that was met first; ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """What only the process itself knows; times are ISO 8601 in UTC."""

    holder: str
    """What the report's lock says of its holder: these words count while that one holds it."""
    pid: int
    since: str
    """When it started."""
    model: str
    inbox: str
    """The folder that it watches, as an absolute path."""
    settle: float
    """Seconds that a file must be unchanged."""
    max_wait: float
    """Seconds without a change that the rest of a cut-short picture is waited for."""
    looking: str = ""
    """Whether events tell of files, or listings, and why."""
    is_ready: bool = False
    """Whether the inbox is watched, and has been listed once to its end."""
    deferred: tuple[Deferred, ...] = ()
    """What is tried again in turn with new drops; of many the first 100."""
    deferred_files: int = 0
    """How many there are in all."""
    trouble: dict[str, str] = field(default_factory=dict)
    """What it cannot do for now, and why -> since when."""
    read: dict[str, int] = field(default_factory=dict)
    """Rows of this run by status."""
    last: str = ""
    """Time of the last row of this run; empty if there is none."""


class StatusSink(Protocol):
    """A way to tell others how the worker is."""

    def tell(self, told: WorkerStatus, now: float) -> None:
        """Tell it, if it is time.

        Called often, and only when the worker has moved on; never raises OSError.

        Args:
            told: the same object again if nothing has changed.
            now: monotonic seconds.
        """

    def end(self, told: WorkerStatus) -> None:
        """Tell that the worker stops."""


class StatusFile:
    """Tells by a file in the outbox: one rename, not synced, and only when something changed."""

    def __init__(self, outbox: Path) -> None:
        """Name the file; what an earlier worker left there is written over."""
        self._home = HomeDisk(outbox)
        self._path = outbox / STATUS
        self._aside = outbox / f"{STATUS}.new"
        self._told: WorkerStatus | None = None
        self._at = float("-inf")
        self._was_ready = False

    def tell(self, told: WorkerStatus, now: float) -> None:
        """Write what changed, every two seconds at most; that it is ready, at once.

        Where that cannot be written, nothing is left: a worker that tells nothing is in
        trouble, too, and to remove a file needs no room.
        """
        is_first = told.is_ready and not self._was_ready
        if told is self._told or (now - self._at < _SPACING and not is_first):
            return
        self._at, self._was_ready = now, told.is_ready
        try:
            self._home.check()
            self._write(told)
        except OSError:
            self.end(told)
        else:
            self._told = told

    def end(self, told: WorkerStatus) -> None:  # noqa: ARG002 - a worker that has ended tells nothing
        """Remove the file."""
        for path in (self._path, self._aside):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self, told: WorkerStatus) -> None:
        with create_anew(self._aside) as file:
            file.write(json.dumps(asdict(told)).encode())
        self._aside.replace(self._path)


def read_worker_status(outbox: Path, holder: str) -> WorkerStatus | None:
    """Read what the worker told that holds the report's lock; None if it has told nothing yet.

    What a killed worker left behind is nobody's: another one, or none, holds the lock.
    """
    try:
        with open_regular(outbox / STATUS) as file:
            found = json.loads(file.read(_LONGEST))
        told = WorkerStatus(
            **{**found, "deferred": tuple(Deferred(**one) for one in found["deferred"])}
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return told if told.holder == holder and _is_sound(told) else None


def _is_sound(told: WorkerStatus) -> bool:
    """Say whether all is of the kind that it should be: anybody may have written the file."""
    kinds = {"pid": int, "is_ready": bool, "deferred_files": int, "trouble": dict, "read": dict}
    numbers = {"settle": int | float, "max_wait": int | float}
    texts = dict.fromkeys(("since", "model", "inbox", "looking", "last"), str)
    return all(
        isinstance(getattr(told, name), kind) for name, kind in (kinds | numbers | texts).items()
    )
