"""What needs a person: each with what to do. The rules that all commands and the page go by."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from digitdrop.escape import escape, printable
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake.settle import timeout_for
from digitdrop.status.status import Condition

LONG: Final = 60.0
"""Seconds without a row that are no mere pause, where something waits or is in hand."""
MOST_SHOWN: Final = 10
"""Lines of one kind in a text for people; JSON has all that are known."""

_FOREIGN: Final = 600.0  # seconds in the hand of another outbox's worker
_SOON: Final = 5.0  # seconds after its start by which a worker has told of itself
_LITTLE: Final = 100 * 2**20  # bytes: room for two of the longest files that are read


def needs(condition: Condition) -> list[str]:
    """Say, in a line each, what a person should see to; nothing if all is well."""
    return [
        *_folders(condition),
        *_worker(condition),
        *_report(condition),
        *_disks(condition),
        *_refused(condition),
        *_stuck(condition),
        *_in_hand(condition),
    ]


def of_worker(told: WorkerStatus) -> list[str]:
    """Say what a worker tells that it cannot do; the other pictures are read."""
    lines = [
        f"the worker {text} (since {since}); it goes on by itself once that is put right"
        for text, since in told.trouble.items()
    ]
    return lines + shortened(deferred_needs(told), total=told.deferred_files)


def deferred_needs(told: WorkerStatus) -> list[str]:
    """Say of each file or folder that cannot be handled for now what, why and since when."""
    return [
        f"{printable(one.name)} cannot {one.cannot}: {one.why} (since {one.since})"
        for one in told.deferred
    ]


def shortened(lines: list[str], *, total: int = 0) -> list[str]:
    """Leave out of many lines all but the first, and say how many more there are.

    Args:
        lines: of one kind.
        total: how many there are, if more than those given.
    """
    more = max(total, len(lines)) - len(lines[:MOST_SHOWN])
    return lines[:MOST_SHOWN] + ([f"and {more:,} more"] if more else [])


def idle_for(told: WorkerStatus, now: datetime) -> float:
    """Give the seconds since a worker wrote its last row, or started."""
    return (now - datetime.fromisoformat(told.last or told.since)).total_seconds()


def is_stuck(told: WorkerStatus, now: datetime, age: float, *, size: int) -> bool:
    """Say whether a file waits though a worker that runs should have read it long ago.

    Args:
        told: what that worker tells.
        now: aware.
        age: seconds since the file came, or last changed.
        size: its bytes.
    """
    longest = LONG + told.settle + timeout_for(size, told.max_wait)
    return is_idle(told, now) and age > longest


def is_idle(told: WorkerStatus, now: datetime) -> bool:
    """Say whether a worker has written no row for longer than it may wait for one picture."""
    return idle_for(told, now) > LONG + told.settle + told.max_wait


def is_held_long(since: datetime | None, now: datetime, *, is_foreign: bool = False) -> bool:
    """Say whether a file is in hand for longer than a picture takes to be read.

    Another outbox's worker tells nothing here, so it is given more time.
    """
    longest = _FOREIGN if is_foreign else LONG
    return since is not None and (now - since).total_seconds() > longest


def foreign_claims(count: int, since: datetime | None, now: datetime) -> list[str]:
    """Say of what is in other outboxes' hands that nobody seems to work on it."""
    if not count or not is_held_long(since, now, is_foreign=True):
        return []
    files = "1 file is" if count == 1 else f"{count:,} files are"
    return [
        f"{files} in the hand of the worker of another outbox since "
        f"{since:%Y-%m-%d %H:%M:%S} UTC: start that worker; if its outbox is gone, "
        "`digitdrop repair --foreign-claims` gives back what is in its hand"
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
    elif not condition.told and condition.running_for > _SOON:
        yield (
            f"the worker cannot write into {condition.outbox}: is its disk full, read-only, "
            "or beyond a quota? It goes on by itself once that is put right"
        )
    if condition.told:
        yield from of_worker(condition.told)


def _report(condition: Condition) -> Iterator[str]:
    if not condition.is_writable and condition.free["outbox"] is not None:
        yield f"the report in {condition.outbox} cannot be written by you: give write access"


def _disks(condition: Condition) -> Iterator[str]:
    for name, free in condition.free.items():
        if free is not None and free < _LITTLE:
            yield f"only {free / 2**20:.0f} MiB are left on the disk of the {name}: make room"


def _refused(condition: Condition) -> Iterator[str]:
    """Tell of folders that cannot be listed by who asks, unless the worker tells of them."""
    told = {one.name for one in condition.told.deferred} if condition.told else set()
    refused = condition.survey.refused.items()
    yield from shortened(
        [
            f"{printable(name)} cannot be listed by you: {why}"
            for name, why in refused
            if name not in told
        ]
    )


def _stuck(condition: Condition) -> Iterator[str]:
    """Tell of a worker that runs and says nothing, yet does not take what has long been there."""
    oldest, told = condition.survey.oldest, condition.told
    if (
        oldest
        and told
        and is_stuck(told, condition.now, condition.oldest_age, size=oldest.stamp.size)
    ):
        name = escape(oldest.name)
        yield f"{name} has waited for {condition.oldest_age:,.0f} s: is it still being written?"


def _in_hand(condition: Condition) -> Iterator[str]:
    """Tell of what is in hand for long: nobody else says so of a hand that nobody has."""
    claims, told = condition.claims, condition.told
    yield from foreign_claims(claims.foreign, claims.foreign_since, condition.now)
    if told and is_idle(told, condition.now) and is_held_long(claims.since, condition.now):
        yield (
            f"{escape(claims.first)} is in hand since {claims.since:%Y-%m-%d %H:%M:%S} UTC, and "
            "no row was written meanwhile: see the worker's log"
        )
