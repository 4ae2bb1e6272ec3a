"""Readings as a shard: Parquet or CSV, with the columns and the values of the local report."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from digitdrop.cluster.files import get, put
from digitdrop.cluster.plan import Plan
from digitdrop.errors import ReportError
from digitdrop.outbox.row import COLUMNS, END, HEADER, cells, line
from digitdrop.values import Reading, Status

_TYPES: Final = {
    "time": pa.timestamp("ms", "UTC"),
    "confidence": pa.float64(),
    "runner_up_confidence": pa.float64(),
}
SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])
"""Of a Parquet shard; predictions are text, since 0042 is not 42."""

_READ: Final[dict[str, Callable[[str], object]]] = {
    "time": datetime.fromisoformat,
    **dict.fromkeys(("prediction", "runner_up"), str),
    **dict.fromkeys(("confidence", "runner_up_confidence"), float),
}
"""Columns in which an empty cell of the CSV is null, and how the others are read."""


def write(plan: Plan, number: int, readings: Sequence[Reading]) -> None:
    """Write a shard whole; one of the same share is replaced.

    Raises:
        ReportError: it cannot be written.
    """
    put(plan.shard(number), _FORMATS[plan.shards](readings))


def tally(plan: Plan, number: int) -> Counter[Status] | None:
    """Count the rows of a shard by status; None if there is no such shard yet.

    Raises:
        ReportError: it cannot be read.
    """
    content = get(plan.shard(number))
    if content is None:
        return None
    try:
        return Counter(map(Status, _STATUSES[plan.shards](content)))
    except (ValueError, KeyError, csv.Error) as error:  # Arrow's and Unicode's are among them
        raise ReportError(
            f"{plan.shard(number)} is no part of a report of ours: move it away ({error})"
        ) from error


def _of_parquet(content: bytes) -> list[str]:
    shard = parquet.ParquetFile(pa.BufferReader(content))
    # Ray gives Arrow a type whose values are unpickled: columns of others are not read.
    if not shard.schema_arrow.equals(SCHEMA):
        raise ValueError("it has other columns")
    statuses: list[str] = shard.read(columns=["status"])["status"].to_pylist()
    return statuses


def _of_csv(content: bytes) -> list[str]:
    if not content.startswith(HEADER + END):
        raise ValueError("it has other columns")
    return [row["status"] for row in csv.DictReader(io.StringIO(content.decode()))]


_STATUSES: Final = {"parquet": _of_parquet, "csv": _of_csv}


def _parquet(readings: Sequence[Reading]) -> bytes:
    columns = zip(*map(cells, readings), strict=True)
    arrays = [_array(texts, field) for texts, field in zip(columns, SCHEMA, strict=True)]
    file = io.BytesIO()
    parquet.write_table(pa.table(arrays, schema=SCHEMA), file, compression="zstd")
    return file.getvalue()


def _array(texts: Sequence[str], column: pa.Field) -> pa.Array:
    read = _READ.get(column.name)
    values = [read(text) if text else None for text in texts] if read else texts
    return pa.array(values, column.type)


def _csv(readings: Sequence[Reading]) -> bytes:
    return HEADER + END + b"".join(map(line, readings))


_FORMATS: Final = {"parquet": _parquet, "csv": _csv}
