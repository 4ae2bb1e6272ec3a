"""From shares to shards, by Ray Data. Read this first.

A share of the plan is seen by a task, on whichever machine has a core; classified and
judged by an actor, which loads the network once; and written as its shard, whole. The
engine decides where, how many at a time, and what is done again when a machine dies.
Only counts come back.
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

from digitdrop.cluster import begun, plan, shards
from digitdrop.cluster.plan import Plan
from digitdrop.cluster.seeing import see_share
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Seen, read, utc_now
from digitdrop.values import DigitCount, Limits, Status

SEEING_CORES: Final = 1
RECORDING_CORES: Final = 0
"""Seeing takes most of the time, and a core for each task. A core that were kept for
classifying would mostly idle; shared out in tenths, the engine leaves others idle
(measured with 2.60: of two cores one, of eight three)."""


CHAPTER: Final = 10_000
"""Shares that the engine is told of at a time: it keeps some KB for each, until all are done."""


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is there."""

    counts: Counter[Status]
    is_known: bool
    """Whether an earlier run wrote it."""


class Shares(Datasource):
    """Shares of a plan as a source of the engine's: each is read by a task of its own."""

    def __init__(self, work: Plan, numbers: range, limits: Limits, counter: ActorHandle) -> None:
        """Wire it; nothing is read yet."""
        self._read = partial(_see, work, limits, counter)
        self._numbers = numbers

    def estimate_inmemory_data_size(self) -> int | None:
        """Leave it to the engine to find out."""
        return None

    def get_read_tasks(self, *_: object, **__: object) -> list[ReadTask]:
        """Make a task of each share, however many blocks the engine wishes for."""
        about = BlockMetadata(num_rows=1, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(partial(self._read, number), about) for number in self._numbers]


def flow(work: Plan, limits: Limits, classifier: Classifier) -> Iterator[Done]:
    """Write all shards that are not there yet; yield each once it is, as it comes.

    Raises:
        RayError: a share cannot be read or written; those done so far are kept.
    """
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    counter = begun.start()
    for numbers in chapters(work.shares):
        seen = ray.data.read_datasource(
            Shares(work, numbers, limits, counter),
            override_num_blocks=len(numbers),
            num_cpus=SEEING_CORES,
        )
        done = seen.map_batches(
            Recorder,
            fn_constructor_args=(work, classifier),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=RECORDING_CORES,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
        )
        yield from map(_done, done.iter_rows())


def chapters(shares: int) -> Iterator[range]:
    """Give the numbers of shares, as many at a time as the engine shall know of."""
    for first in range(0, shares, CHAPTER):
        yield range(first, min(first + CHAPTER, shares))


def _done(row: Mapping[str, Any]) -> Done:
    counts = json.loads(row["counts"])
    return Done(Counter({Status(name): counts[name] for name in counts}), row["is_known"])


class Recorder:
    """Classifies, judges and writes shares, with a network of its own."""

    def __init__(self, work: Plan, classifier: Classifier) -> None:
        """Take the network, of which each process gets a copy."""
        self._work = work
        self._classifier = classifier

    def __call__(self, shares: pa.Table) -> pa.Table:
        """Write the shards of what was seen; give their counts."""
        return _rows(self._record(share) for share in shares.to_pylist())

    def _record(self, share: dict[str, Any]) -> dict[str, Any]:
        if share["is_known"]:
            return share
        seen: list[Seen] = pickle.loads(share["seen"])  # noqa: S301 - by `_see`, just now
        digits = DigitCount.parse(self._work.digits)
        readings = read(seen, self._classifier, digits=digits, now=utc_now)
        shards.write(self._work, share["number"], readings)
        counts = Counter(reading.verdict.status for reading in readings)
        return {**share, "seen": b"", "counts": json.dumps(counts)}


def _see(work: Plan, limits: Limits, counter: ActorHandle, number: int) -> Iterator[pa.Table]:
    """See a share, unless its shard is there already."""
    counts = shards.tally(work, number)
    seen = b""
    if counts is None:
        careful = begun.is_begun_again(counter, number)
        seen = pickle.dumps(see_share(plan.share(work, number), limits, careful=careful))
    is_known = counts is not None
    row = {"number": number, "is_known": is_known, "seen": seen, "counts": json.dumps(counts)}
    yield _rows([row])


_ROW: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("is_known", pa.bool_()),
        ("seen", pa.large_binary()),
        ("counts", pa.string()),
    ]
)


def _rows(rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), _ROW)
