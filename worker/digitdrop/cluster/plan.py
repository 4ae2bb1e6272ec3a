"""What a run reads, cut into shares once and for all, so that any process can do any share again.

    TARGET/_plan/PLAN.json          written last: only then is it a plan
    TARGET/_plan/00000.parquet      shares 0 to 255, each a group of rows: address, name

Share 7 becomes shard 7, `part-00000007.parquet`, whoever reads it and however often.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from itertools import islice
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from digitdrop.cluster.files import get, put, reading
from digitdrop.cluster.listing import Found
from digitdrop.cluster.stores import first_line
from digitdrop.errors import ReportError

MOST: Final = 1000
"""Pictures in a share, at most: some seconds of work, lost if its machine dies."""
FIRST: Final = 16
"""Pictures in the first shares; every eight shares it doubles, so that a short run, too, has
work for every core, and a long one few shards."""
BYTES: Final = 64 * 2**20
"""Bytes of a share's pictures, but for the last of them, where a listing tells their sizes."""

_PER_FILE: Final = 256
_SCHEMA: Final = pa.schema([("address", pa.binary()), ("name", pa.binary())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is bound to; what differs in one of these is another run."""

    target: str
    """Where shards go: an absolute path, or SCHEME://BUCKET/PREFIX."""
    sources: list[str]
    model: str
    shards: str
    """`parquet` or `csv`."""
    digits: str = "1"
    """How many digits a number may have, as `--digits` says. A plan of a version without that
    option does not tell, and read single digits."""
    pictures: int = 0
    shares: int = 0

    def shard(self, number: int) -> str:
        """Name the shard of a share."""
        return f"{self.target}/part-{number:08}.{self.shards}"


def cut(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Cut what is to be read into shares."""
    share: list[Found] = []
    number = length = 0
    for one in found:
        share.append(one)
        length += one.size
        if len(share) >= min(MOST, FIRST << number // 8) or length >= BYTES:
            yield share
            share, length, number = [], 0, number + 1
    if share:
        yield share


def make(plan: Plan, found: Iterable[Found]) -> Plan:
    """Write a plan; what was found streams through, and is never all in memory.

    Raises:
        ReportError: the target cannot be written.
    """
    shares, pictures, count = cut(found), 0, 0
    while group := list(islice(shares, _PER_FILE)):
        put(_file(plan.target, count // _PER_FILE), _packed(group))
        pictures += sum(map(len, group))
        count += len(group)
    done = replace(plan, pictures=pictures, shares=count)
    put(_name(plan.target), json.dumps(asdict(done), indent=2).encode())
    return done


def find(plan: Plan) -> Plan | None:
    """Find the plan that an earlier run made for this target; None if there is none.

    Raises:
        ReportError: it is of other sources, another model or other digits; or it is no plan.
    """
    content = get(_name(plan.target))
    if content is None:
        return None
    try:
        there = Plan(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise ReportError(f"{_name(plan.target)} is no plan of this version: {error}") from error
    for what in ("sources", "model", "shards", "digits"):
        was, wanted = getattr(there, what), getattr(plan, what)
        if was != wanted:
            raise ReportError(
                f"{plan.target} holds a run with the {what} {_told(was)}, not {_told(wanted)}: "
                "go on with that, or give this one a folder of its own"
            )
    return replace(there, target=plan.target)


def share(plan: Plan, number: int) -> list[Found]:
    """Read what a share consists of.

    Raises:
        ReportError: the plan cannot be read.
    """
    address = _file(plan.target, number // _PER_FILE)
    try:
        with reading(address) as file:
            listed = parquet.ParquetFile(file)
            # Ray gives Arrow a type whose values are unpickled: columns of others are not read.
            if not listed.schema_arrow.equals(_SCHEMA):
                raise ReportError(f"{address} is no plan of ours: give this run another target")
            table = listed.read_row_group(number % _PER_FILE)
    except (OSError, pa.ArrowInvalid) as error:
        raise ReportError(f"cannot read the plan {address}: {first_line(error)}") from error
    pairs = zip(table["address"].to_pylist(), table["name"].to_pylist(), strict=True)
    return [Found(os.fsdecode(address), os.fsdecode(name)) for address, name in pairs]


def _packed(shares: Sequence[Sequence[Found]]) -> bytes:
    file = BytesIO()
    with parquet.ParquetWriter(file, _SCHEMA, compression="zstd") as writer:
        for one in shares:
            columns = (
                [os.fsencode(found.address) for found in one],
                [os.fsencode(found.name) for found in one],
            )
            writer.write_table(pa.table(dict(zip(_SCHEMA.names, columns, strict=True)), _SCHEMA))
    return file.getvalue()


def _name(target: str) -> str:
    return f"{target}/_plan/PLAN.json"


def _file(target: str, number: int) -> str:
    return f"{target}/_plan/{number:05}.parquet"


def _told(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
