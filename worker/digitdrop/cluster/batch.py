"""Run `batch --cluster` from the plan to the summary."""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final

from digitdrop.batch.batch import Summary
from digitdrop.cluster import engine, plan
from digitdrop.cluster.addresses import ListedObject, normal
from digitdrop.cluster.files import put, remove_unfinished
from digitdrop.cluster.flow import Done, flow
from digitdrop.cluster.listing import find_objects
from digitdrop.cluster.plan import Plan
from digitdrop.errors import ReportError
from digitdrop.inference.classifier import Classifier
from digitdrop.system.shutdown import Shutdown, Stopped
from digitdrop.values import DigitCount, Limits

_SUMMARY: Final = "_SUMMARY.json"
"""Written last: if it is there, every picture of the plan has its row."""

_LOOK: Final = 0.2  # seconds

ProgressBar = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Takes the number of pictures; its context is a function that takes how many more are done."""


def run_cluster_batch(
    sources: Sequence[str],
    target: str,
    classifier: Classifier,
    *,
    cluster: str,
    shards: str,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    shutdown: Shutdown,
    progress: ProgressBar,
) -> Summary:
    """Read every picture once; a second run goes on where the first stopped.

    The pictures are planned first. Pictures that come later do not belong to this run, and a
    planned picture that is gone gets its row.

    Args:
        sources: paths and addresses of folders, pictures, and lists of them.
        target: the folder, or prefix, for shards.
        classifier: the network.
        cluster: see `engine.started`.
        shards: `parquet` or `csv`.
        limits: the limits for one picture.
        digits: the accepted numbers of digits.
        workers: cores to use on this machine.
        shutdown: ends the run; finished shards are kept.
        progress: shows the progress.

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
    summary = Summary()
    with engine.started(cluster, workers=workers):
        try:
            work = plan.find_plan(wanted)
            if work is None:
                work = plan.write_plan(wanted, _listed(wanted.sources, shutdown))
        except Stopped:
            summary.was_stopped = True
            return summary
        with progress(work.pictures) as advance:
            for done in _until_stopped(flow(work, limits, classifier), shutdown):
                count = done.counts.total()
                summary.counts.update(done.counts)
                summary.known += count if done.is_known else 0
                advance(count)
        summary.was_stopped = shutdown.is_stopping()
        if not summary.was_stopped:
            _finish(work, summary)
    return summary


def _listed(sources: Sequence[str], shutdown: Shutdown) -> Iterator[ListedObject]:
    for listed in find_objects(sources):
        if shutdown.is_stopping():
            raise Stopped
        yield listed


def _until_stopped(shards: Iterator[Done], shutdown: Shutdown) -> Iterator[Done]:
    """Yield finished shards until a stop, which is noticed also while none is finished."""
    box: queue.SimpleQueue[Done | Exception | None] = queue.SimpleQueue()

    def carry() -> None:
        try:
            for done in shards:
                box.put(done)
        except Exception as error:  # raised again by the reader of the queue
            box.put(error)
        else:
            box.put(None)

    threading.Thread(target=carry, daemon=True).start()
    while not shutdown.is_stopping():
        try:
            done = box.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if isinstance(done, Exception):
            raise done
        if done is None:
            return
        yield done


def _finish(work: Plan, summary: Summary) -> None:
    """Write the summary, once all rows are there."""
    rows = summary.counts.total()
    if rows != work.pictures:
        raise ReportError(
            f"{work.target} has {rows:,} rows of {work.pictures:,} pictures: somebody else "
            "writes there; delete its parts that are not yours, then run it again"
        )
    remove_unfinished(work.target)
    content = {
        "pictures": work.pictures,
        "statuses": {str(status): count for status, count in sorted(summary.counts.items())},
        "shards": work.shares,
        "format": work.shards,
        "model": work.model,
        "digits": work.digits,
        "sources": work.sources,
        "finished": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    put(f"{work.target}/{_SUMMARY}", json.dumps(content, indent=2).encode() + b"\n")
