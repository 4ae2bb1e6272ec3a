"""Turn shares into shards, by Ray Data. Read this module first.

A task prepares a share of the plan, on whichever machine has a core. An actor, which loads the
network once, classifies and judges the share and writes its shard, whole. Ray decides on which
machine, how many run at a time, and repeats work when a machine dies. Only counts come back.
"""

import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa
import ray.data
from ray.actor import ActorHandle
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from digitdrop.cluster import plan, shards
from digitdrop.cluster.plan import Plan
from digitdrop.cluster.preparation import prepare_share
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Prepared, read_batch, utc_now
from digitdrop.values import DigitCount, Limits, Status

_PREPARING_CORES: Final = 1
_RECORDING_CORES: Final = 0
"""Preparing takes most of the time, and a core for each task. A core kept for classifying would
mostly idle; if it is shared out in tenths, Ray leaves others idle (measured with 2.60: one of two
cores, three of eight)."""

CHAPTER: Final = 10_000
"""Shares that Ray gets at a time: it keeps some KB for each until all are done."""


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is there."""

    counts: Counter[Status]
    is_known: bool
    """True if an earlier run wrote it."""


class StartedShares:
    """Counts the starts of each share, as an actor of Ray that every task can call.

    A share that is started again has lost its process. That proves nothing: where a machine
    died, its shares are only read with more care than they need.
    """

    def __init__(self) -> None:
        """Start with no share."""
        self._starts: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        """Count a start of a share, and return the number of its starts."""
        self._starts[number] += 1
        return self._starts[number]


class ShareSource(Datasource):
    """The shares of a plan as a source of Ray Data: each is a task of its own."""

    def __init__(self, work: Plan, numbers: range, limits: Limits, started: ActorHandle) -> None:
        """Set the shares; nothing is read yet."""
        self._read = partial(_prepare, work, limits, started)
        self._numbers = numbers

    def estimate_inmemory_data_size(self) -> int | None:
        """Return None: Ray measures the size itself."""
        return None

    def get_read_tasks(self, *_: object, **__: object) -> list[ReadTask]:
        """Return a task for each share, however many blocks Ray wishes for."""
        about = BlockMetadata(num_rows=1, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(partial(self._read, number), about) for number in self._numbers]


def flow(work: Plan, limits: Limits, classifier: Classifier) -> Iterator[Done]:
    """Write all shards that are not there yet; yield each as soon as it is there.

    Raises:
        RayError: a share cannot be read or written; shards that are there stay.
    """
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    start = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(StartedShares)
    started = start.remote()
    for numbers in chapters(work.shares):
        prepared = ray.data.read_datasource(
            ShareSource(work, numbers, limits, started),
            override_num_blocks=len(numbers),
            num_cpus=_PREPARING_CORES,
        )
        done = prepared.map_batches(
            ShareRecorder,
            fn_constructor_args=(work, classifier),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=_RECORDING_CORES,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
        )
        yield from map(_done, done.iter_rows())


def chapters(shares: int) -> Iterator[range]:
    """Yield the numbers of all shares, at most `CHAPTER` at a time.

    >>> list(chapters(25_000))
    [range(0, 10000), range(10000, 20000), range(20000, 25000)]
    """
    for first in range(0, shares, CHAPTER):
        yield range(first, min(first + CHAPTER, shares))


def _done(row: Mapping[str, Any]) -> Done:
    counts = json.loads(row["counts"])
    return Done(Counter({Status(name): counts[name] for name in counts}), row["is_known"])


class ShareRecorder:
    """Classifies, judges and writes shares, with a network of its own."""

    def __init__(self, work: Plan, classifier: Classifier) -> None:
        """Take the network; each process of Ray gets a copy."""
        self._work = work
        self._classifier = classifier

    def __call__(self, shares: pa.Table) -> pa.Table:
        """Write the shards of prepared shares; return a row with counts for each."""
        return _rows(self._record(share) for share in shares.to_pylist())

    def _record(self, share: dict[str, Any]) -> dict[str, Any]:
        if share["is_known"]:
            return share
        prepared: list[Prepared] = pickle.loads(share["prepared"])  # noqa: S301 - by `_prepare`
        digits = DigitCount.parse(self._work.digits)
        readings = read_batch(prepared, self._classifier, digits=digits, now=utc_now)
        shards.write(self._work, share["number"], readings)
        counts = Counter(reading.verdict.status for reading in readings)
        return {**share, "prepared": b"", "counts": json.dumps(counts)}


def _prepare(work: Plan, limits: Limits, started: ActorHandle, number: int) -> Iterator[pa.Table]:
    """Prepare a share, unless its shard is there already."""
    counts = shards.tally(work, number)
    is_known, prepared = counts is not None, b""
    if not is_known:
        careful = ray.get(started.begin.remote(number)) > 1
        prepared = pickle.dumps(prepare_share(plan.share(work, number), limits, careful=careful))
    row = {
        "number": number,
        "is_known": is_known,
        "prepared": prepared,
        "counts": json.dumps(counts),
    }
    yield _rows([row])


_ROW: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("is_known", pa.bool_()),
        ("prepared", pa.large_binary()),
        ("counts", pa.string()),
    ]
)


def _rows(rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), _ROW)
