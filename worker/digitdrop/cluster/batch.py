"""A one-shot run on a cluster, from its plan to its summary."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from digitdrop.batch.batch import Summary
from digitdrop.cluster import engine, plan
from digitdrop.cluster.addresses import normal
from digitdrop.cluster.files import put, tidy
from digitdrop.cluster.flow import Done, flow
from digitdrop.cluster.listing import Found, found, lists
from digitdrop.cluster.lists import listed
from digitdrop.cluster.plan import Plan
from digitdrop.errors import ReportError
from digitdrop.inference.classifier import Classifier
from digitdrop.system.shutdown import Stopped, Stopper
from digitdrop.values import DigitCount, Limits

SUMMARY: Final = "_SUMMARY.json"
"""Written last: where it is, every picture of the plan has its row."""

_LOOK: Final = 0.2

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Given how many pictures there are, it is told how many more are done."""


def batch(
    sources: Sequence[str],
    target: str,
    classifier: Classifier,
    *,
    cluster: str,
    shards: str,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    stopper: Stopper,
    progress: Progress,
) -> Summary:
    """Read every picture once; run again, it goes on where it stopped.

    What is read is planned first, and what was planned is read: pictures that come
    later are none of this run's, and one that was taken away has its row.

    Args:
        sources: paths and addresses of folders, pictures, and lists of them.
        target: the folder, or prefix, for shards.
        classifier: the network.
        cluster: see `engine.started`.
        shards: `parquet` or `csv`.
        limits: what one picture may cost.
        digits: how many digits a number may have.
        workers: cores to use on this machine.
        stopper: ends the run; shards that are whole are kept.
        progress: shows how far it is.

    Raises:
        SetupError: there is no such cluster or source, or the target cannot be written.
    """
    wanted = Plan(
        target=normal(target),
        sources=[normal(source) for source in sources],
        model=classifier.name,
        shards=shards,
        digits=str(digits),
    )
    with engine.started(cluster, workers=workers):
        try:
            work = plan.find(wanted) or plan.make(wanted, _listed(wanted.sources, stopper))
        except Stopped:
            return Summary(was_stopped=True)
        with progress(work.pictures) as advance:
            summary = _summary(_until_stopped(flow(work, limits, classifier), stopper), advance)
        summary.was_stopped = stopper.is_stopping()
        if not summary.was_stopped:
            _finish(work, summary)
    return summary


def _summary(shards: Iterator[Done], advance: Callable[[int], None]) -> Summary:
    summary = Summary()
    for one in shards:
        count = one.counts.total()
        summary.counts.update(one.counts)
        summary.known += count if one.is_known else 0
        advance(count)
    return summary


def _listed(sources: Sequence[str], stopper: Stopper) -> Iterator[Found]:
    named = lists(sources)
    folders = [source for source in sources if source not in named]
    for one in chain(found(folders), listed(named, folders=folders)):
        if stopper.is_stopping():
            raise Stopped
        yield one


def _until_stopped(shards: Iterator[Done], stopper: Stopper) -> Iterator[Done]:
    """Yield what is done until a stop is asked for, which is heard also while nothing is."""
    box: queue.SimpleQueue[Done | Exception | None] = queue.SimpleQueue()
    threading.Thread(target=_carry, args=(shards, box), daemon=True).start()
    while not stopper.is_stopping():
        try:
            one = box.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if isinstance(one, Exception):
            raise one
        if one is None:
            return
        yield one


def _carry(shards: Iterator[Done], box: "queue.SimpleQueue[Done | Exception | None]") -> None:
    try:
        for one in shards:
            box.put(one)
    except Exception as error:  # raised again by who waits for it
        box.put(error)
    else:
        box.put(None)


def _finish(work: Plan, summary: Summary) -> None:
    """Say that all is there; only once it is."""
    rows = summary.counts.total()
    if rows != work.pictures:
        raise ReportError(
            f"{work.target} has {rows:,} rows of {work.pictures:,} pictures: somebody else "
            "writes there; delete its parts that are not yours, then run it again"
        )
    tidy(work.target)
    told = {
        "pictures": work.pictures,
        "statuses": {str(status): count for status, count in sorted(summary.counts.items())},
        "shards": work.shares,
        "format": work.shards,
        "model": work.model,
        "digits": work.digits,
        "sources": work.sources,
        "finished": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    put(f"{work.target}/{SUMMARY}", json.dumps(told, indent=2).encode() + b"\n")
