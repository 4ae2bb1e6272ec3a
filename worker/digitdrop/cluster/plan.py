"""Cut the pictures of a run into shares, once, so that any process can read any share again.

    TARGET/_plan/PLAN.json          written last: without it there is no plan
    TARGET/_plan/00000.parquet      shares 0 to 255, each a group of rows: address, name

Share 7 becomes shard 7, `part-00000007.parquet`, on whichever machine and however often.
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

from digitdrop.cluster.addresses import ListedObject, first_line
from digitdrop.cluster.files import get, put, reading
from digitdrop.errors import ReportError

MOST_IN_SHARE: Final = 1000
"""Largest number of pictures in a share: some seconds of work, lost if its machine dies."""
FIRST: Final = 16
"""Pictures in the first eight shares. The number doubles every eight shares, so that a short run
has work for every core, and a long run has few shards."""
BYTES: Final = 64 * 2**20
"""Bytes of a share's pictures without the last one, if a listing has their sizes."""

_PER_FILE: Final = 256
_SCHEMA: Final = pa.schema([("address", pa.binary()), ("name", pa.binary())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The settings of a run; a run with others needs another target."""

    target: str
    """Folder of the shards: an absolute path, or SCHEME://BUCKET/PREFIX."""
    sources: list[str]
    model: str
    shards: str
    """`parquet` or `csv`."""
    digits: str = "1"
    """The accepted numbers of digits, as in `--digits`. A plan of a version without that option
    has single digits."""
    pictures: int = 0
    shares: int = 0

    def shard(self, number: int) -> str:
        """Return the address of a share's shard."""
        return f"{self.target}/part-{number:08}.{self.shards}"


def cut(found: Iterable[ListedObject]) -> Iterator[list[ListedObject]]:
    """Yield the pictures in shares; see `FIRST`, `MOST_IN_SHARE` and `BYTES`."""
    share: list[ListedObject] = []
    number = length = 0
    for listed in found:
        share.append(listed)
        length += listed.size
        if len(share) >= min(MOST_IN_SHARE, FIRST << number // 8) or length >= BYTES:
            yield share
            share, length, number = [], 0, number + 1
    if share:
        yield share


def write_plan(plan: Plan, found: Iterable[ListedObject]) -> Plan:
    """Write a plan and return it with its numbers; the pictures stream through memory.

    Raises:
        ReportError: the target cannot be written.
    """
    shares, pictures, count = cut(found), 0, 0
    while group := list(islice(shares, _PER_FILE)):
        put(_rows_address(plan.target, count // _PER_FILE), _packed(group))
        pictures += sum(map(len, group))
        count += len(group)
    done = replace(plan, pictures=pictures, shares=count)
    put(_plan_address(plan.target), json.dumps(asdict(done), indent=2).encode())
    return done


def find_plan(plan: Plan) -> Plan | None:
    """Read the plan of an earlier run for this target; None if there is none.

    Raises:
        ReportError: it has other settings, or is no plan.
    """
    content = get(_plan_address(plan.target))
    if content is None:
        return None
    try:
        there = Plan(**json.loads(content))
    except (ValueError, TypeError) as error:
        address = _plan_address(plan.target)
        raise ReportError(f"{address} is no plan of this version: {error}") from error
    for setting in ("sources", "model", "shards", "digits"):
        was, wanted = getattr(there, setting), getattr(plan, setting)
        if was != wanted:
            raise ReportError(
                f"{plan.target} holds a run with the {setting} {_in_words(was)}, not "
                f"{_in_words(wanted)}: go on with that, or give this one a folder of its own"
            )
    return replace(there, target=plan.target)


def share(plan: Plan, number: int) -> list[ListedObject]:
    """Read the pictures of a share.

    Raises:
        ReportError: the plan cannot be read.
    """
    address = _rows_address(plan.target, number // _PER_FILE)
    try:
        with reading(address) as file:
            rows = parquet.ParquetFile(file)
            # Ray adds a type to Arrow whose values are unpickled: read no columns but our own.
            if not rows.schema_arrow.equals(_SCHEMA):
                raise ReportError(f"{address} is no plan of ours: give this run another target")
            table = rows.read_row_group(number % _PER_FILE)
    except (OSError, pa.ArrowInvalid) as error:
        raise ReportError(f"cannot read the plan {address}: {first_line(error)}") from error
    pairs = zip(table["address"].to_pylist(), table["name"].to_pylist(), strict=True)
    return [ListedObject(os.fsdecode(address), os.fsdecode(name)) for address, name in pairs]


def _packed(shares: Sequence[Sequence[ListedObject]]) -> bytes:
    file = BytesIO()
    with parquet.ParquetWriter(file, _SCHEMA, compression="zstd") as writer:
        for share in shares:
            columns = {
                name: [os.fsencode(getattr(listed, name)) for listed in share]
                for name in _SCHEMA.names
            }
            writer.write_table(pa.table(columns, _SCHEMA))
    return file.getvalue()


def _plan_address(target: str) -> str:
    return f"{target}/_plan/PLAN.json"


def _rows_address(target: str, number: int) -> str:
    return f"{target}/_plan/{number:05}.parquet"


def _in_words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
