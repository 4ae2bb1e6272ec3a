"""The rules for all that needs a person, each with the remedy; commands and page share them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from digitdrop.escape import escape, printable
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake.settle import timeout_for
from digitdrop.status.status import Condition
from digitdrop.values import time_text

LONG: Final = 60.0
"""Seconds without a row after which files that wait, or are in hand, are in trouble."""
MOST_SHOWN: Final = 10
"""Lines of one kind in a text for people; JSON has all that are known."""

_FOREIGN: Final = 600.0  # seconds in the hand of another outbox's worker
_SOON: Final = 5.0  # seconds after its start by which a worker has written its status
_LITTLE: Final = 100 * 2**20  # bytes: room for two of the longest files that are read


def needs(condition: Condition) -> list[str]:
    """Return a line for each thing that a person should see to; empty if all is well."""
    return [
        *_folders(condition),
        *_worker(condition),
        *_disks(condition),
        *_unlistable(condition),
        *_stuck(condition),
        *_claims(condition),
    ]


def of_worker(worker: WorkerStatus) -> list[str]:
    """Return a line for each thing that a worker reports it cannot do; it goes on with others."""
    lines = [
        f"the worker {text} (since {since}); it goes on by itself once that is put right"
        for text, since in worker.trouble.items()
    ]
    return lines + shortened(deferred_needs(worker), total=worker.deferred_files)


def deferred_needs(worker: WorkerStatus) -> list[str]:
    """Return a line for each file or folder that the worker cannot handle for now."""
    return [
        f"{printable(item.name)} cannot {item.cannot}: {item.why} (since {item.since})"
        for item in worker.deferred
    ]


def shortened(lines: list[str], *, total: int = 0) -> list[str]:
    """Return the first ten lines, and the number of the others as a last line.

    Args:
        lines: of one kind.
        total: number of lines that there are, if more than those given.

    >>> shortened(["a", "b"], total=5)
    ['a', 'b', 'and 3 more']
    """
    more = max(total, len(lines)) - len(lines[:MOST_SHOWN])
    return lines[:MOST_SHOWN] + ([f"and {more:,} more"] if more else [])


def idle_for(worker: WorkerStatus, now: datetime) -> float:
    """Return the seconds since a worker wrote its last row, or started."""
    return (now - datetime.fromisoformat(worker.last or worker.since)).total_seconds()


def is_stuck(worker: WorkerStatus, now: datetime, age: float, *, size: int) -> bool:
    """Return True if a file waits though a running worker should have read it long ago.

    Args:
        worker: the status of that worker.
        now: aware.
        age: seconds since the file came, or last changed.
        size: its bytes.
    """
    longest = LONG + worker.settle + timeout_for(size, worker.max_wait)
    return is_idle(worker, now) and age > longest


def is_idle(worker: WorkerStatus, now: datetime) -> bool:
    """Return True if a worker has written no row for longer than it may wait for a picture."""
    return idle_for(worker, now) > LONG + worker.settle + worker.max_wait


def is_held_long(since: datetime | None, now: datetime, *, is_foreign: bool = False) -> bool:
    """Return True if a file is claimed for longer than a picture takes to be read.

    The worker of another outbox gets more time, since its status is not known here.
    """
    longest = _FOREIGN if is_foreign else LONG
    return since is not None and (now - since).total_seconds() > longest


def foreign_claims(count: int, since: datetime | None, now: datetime) -> list[str]:
    """Return a line about the claims of other outboxes if nobody seems to work on them."""
    if not count or since is None or not is_held_long(since, now, is_foreign=True):
        return []
    files = "1 file is" if count == 1 else f"{count:,} files are"
    return [
        f"{files} in the hand of the worker of another outbox since {time_text(since)}: start "
        "that worker; if its outbox is gone, `digitdrop repair --foreign-claims` gives back what "
        "is in its hand"
    ]


def _folders(condition: Condition) -> Iterator[str]:
    for name, folder in (("inbox", condition.inbox), ("outbox", condition.outbox)):
        if condition.free[name] is None:
            yield f"there is no {name} {folder}: is its disk mounted, is --{name} right?"


def _worker(condition: Condition) -> Iterator[str]:
    if condition.holder is None:
        yield (
            f"no worker is running on {condition.outbox}: start `digitdrop watch`, or look at the "
            "service manager's log; if one should be running there, is its disk mounted?"
        )
    elif not condition.worker and condition.running_for > _SOON:
        yield (
            f"the worker cannot write into {condition.outbox}: is its disk full, read-only, "
            "or beyond a quota? It goes on by itself once that is put right"
        )
    if condition.worker:
        yield from of_worker(condition.worker)


def _disks(condition: Condition) -> Iterator[str]:
    if not condition.is_writable and condition.free["outbox"] is not None:
        yield f"the report in {condition.outbox} cannot be written by you: give write access"
    for name, free in condition.free.items():
        if free is not None and free < _LITTLE:
            yield f"only {free / 2**20:.0f} MiB are left on the disk of the {name}: make room"


def _unlistable(condition: Condition) -> Iterator[str]:
    """Name the folders that the user cannot list, but for those that the worker reports."""
    reported = {one.name for one in condition.worker.deferred} if condition.worker else set()
    refused = condition.survey.refused.items()
    yield from shortened(
        [
            f"{printable(name)} cannot be listed by you: {why}"
            for name, why in refused
            if name not in reported
        ]
    )


def _stuck(condition: Condition) -> Iterator[str]:
    """Name the file that a worker leaves in the inbox without reporting any trouble."""
    oldest, worker, age = condition.survey.oldest, condition.worker, condition.oldest_age
    if oldest and worker and is_stuck(worker, condition.now, age, size=oldest.stamp.size):
        yield f"{escape(oldest.name)} has waited for {age:,.0f} s: is it still being written?"


def _claims(condition: Condition) -> Iterator[str]:
    claims, worker, since = condition.claims, condition.worker, condition.claims.since
    yield from foreign_claims(claims.foreign, claims.foreign_since, condition.now)
    if worker and since and is_idle(worker, condition.now) and is_held_long(since, condition.now):
        yield (
            f"{escape(claims.first)} is in hand since {time_text(since)}, and "
            "no row was written meanwhile: see the worker's log"
        )
