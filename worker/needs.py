"""What needs a person: each with what to do."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from worker.status import Condition
from worker.table.escape import escape

_LONG: Final = 300.0  # seconds without a row, while a file waits, that are no mere pause
_SOON: Final = 5.0  # seconds after its start by which a worker has told of itself
_LITTLE: Final = 100 * 2**20  # bytes: room for two of the longest files that are read


def needs(condition: Condition) -> list[str]:
    """Say, in a line each, what a person should see to; nothing if all is well."""
    return [
        *_folders(condition),
        *_worker(condition),
        *_report(condition),
        *_disks(condition),
        *_stuck(condition),
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
        for text, since in condition.told.trouble.items():
            yield f"the worker {text} (since {since}); it goes on by itself once that is put right"


def _report(condition: Condition) -> Iterator[str]:
    if not condition.is_writable and condition.free["outbox"] is not None:
        yield f"the report in {condition.outbox} cannot be written by you: give write access"


def _disks(condition: Condition) -> Iterator[str]:
    for name, free in condition.free.items():
        if free is not None and free < _LITTLE:
            yield f"only {free / 2**20:.0f} MiB are left on the disk of the {name}: make room"


def _stuck(condition: Condition) -> Iterator[str]:
    """Tell of a worker that runs and says nothing, yet does not take what has long been there."""
    if not condition.told or not condition.oldest:
        return
    last = condition.rows.last or condition.told.since
    quiet = (condition.now - datetime.fromisoformat(last)).total_seconds()
    if min(quiet, condition.oldest_age) > _LONG + condition.told.settle + condition.told.max_wait:
        name = escape(condition.oldest.name)
        yield f"{name} has waited for {condition.oldest_age:,.0f} s: is it still being written?"
