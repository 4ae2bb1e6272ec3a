"""Addresses from lists, however long: read, sorted and rid of repetitions by the engine."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import ray.data
from pyarrow import parquet

from digitdrop.cluster.addresses import is_below, normal
from digitdrop.cluster.files import reading
from digitdrop.cluster.listing import ListedObject
from digitdrop.cluster.stores import first_line, located
from digitdrop.errors import FolderError

ADDRESS_COLUMNS: Final = ("address", "path", "uri", "url", "file")
"""What the column of addresses may be called in a Parquet list; else `bucket` and `key`,
as in the inventories of S3."""


def listed(lists: Sequence[str], *, folders: list[str]) -> Iterator[ListedObject]:
    """Yield what lists name, each once, but for what lies below folders that are read anyway.

    The report calls these pictures by their whole address.

    Raises:
        FolderError: a list has no addresses, or some that cannot be read.
    """
    if not lists:
        return
    first, *others = (_dataset(one) for one in lists)
    addresses = (first.union(*others) if others else first).sort("address")
    last = ""
    for batch in addresses.iter_batches(batch_size=None, batch_format="pyarrow"):
        for address in batch["address"].to_pylist():
            if address != last and not is_below(address, folders):
                yield ListedObject(address, address)
            last = address


def _dataset(source: str) -> ray.data.Dataset:
    filesystem, path = located(source)
    if source.lower().endswith(".parquet"):
        columns = _columns(source)
        lines = ray.data.read_parquet(path, filesystem=filesystem, columns=columns)
    else:
        lines = ray.data.read_text(path, filesystem=filesystem, drop_empty_lines=True)
        columns = ["text"]
    tidied: Callable[[pa.Table], pa.Table] = partial(_addresses, columns=columns, here=Path.cwd())
    return lines.map_batches(tidied, batch_size=None, batch_format="pyarrow")


def _columns(source: str) -> list[str]:
    try:
        with reading(source) as file:
            schema = parquet.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise FolderError(f"cannot read the list {source}: {first_line(error)}") from error
    # Text alone: Ray gives Arrow a type whose values are unpickled.
    names = {field.name for field in schema if _is_text(field.type)}
    if {"bucket", "key"} <= names:
        return ["bucket", "key"]
    for name in ADDRESS_COLUMNS:
        if name in names:
            return [name]
    raise FolderError(
        f"the list {source} has the columns {', '.join(schema.names)}: expected one of text "
        f"called {', '.join(ADDRESS_COLUMNS)}, or both bucket and key"
    )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _addresses(table: pa.Table, *, columns: list[str], here: Path) -> pa.Table:
    if columns == ["bucket", "key"]:
        pairs = zip(table["bucket"].to_pylist(), table["key"].to_pylist(), strict=True)
        addresses = [f"s3://{bucket}/{key}" for bucket, key in pairs]
    else:
        texts = (text.strip("\r\n") for text in table[columns[0]].to_pylist())
        addresses = [normal(text, here=here) for text in texts if text]
    return pa.table({"address": pa.array(addresses, pa.string())})
