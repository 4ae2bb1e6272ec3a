"""List the pictures of a run: below folders and prefixes, and in lists of addresses."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import ray.data
from pyarrow import fs, parquet

from digitdrop.batch.sources import find_drops, is_called_like_picture
from digitdrop.cluster.addresses import (
    ListedObject,
    first_line,
    is_below,
    is_remote,
    located,
    normal,
)
from digitdrop.cluster.files import head, reading
from digitdrop.decoding.decode import looks_like_picture
from digitdrop.errors import FolderError
from digitdrop.intake.ignore import by_name, is_entered

_COLUMNS: Final = ("address", "path", "uri", "url", "file")
"""Accepted names for the column of addresses in a Parquet list. Columns `bucket` and `key`, as
in the inventories of S3, are accepted as well."""

_AHEAD: Final = 16  # listings that run at a time
_HEAD: Final = 32  # bytes


def find_objects(sources: Sequence[str]) -> Iterator[ListedObject]:
    """Yield all pictures of the sources, each once: first by name, then those in lists.

    Args:
        sources: in the form of `addresses.normal`: folders, prefixes, pictures, and lists of
            addresses (`.txt`, `.parquet`).

    Raises:
        FolderError: a source does not exist, or cannot be listed.
    """
    lists = [source for source in sources if _is_list(source)]
    folders = [source for source in sources if source not in lists]
    yield from _in_folders(folders)
    yield from read_lists(lists, folders=folders)


def _is_list(source: str) -> bool:
    return source.lower().endswith((".txt", ".parquet")) and _kind(source) == fs.FileType.File


def _kind(source: str) -> fs.FileType:
    filesystem, path = located(source)
    try:
        kind = filesystem.get_file_info(path).type
    except OSError as error:
        raise FolderError(f"cannot look at {source}: {first_line(error)}") from error
    if kind == fs.FileType.NotFound:
        raise FolderError(f"no such file or folder: {source}")
    return kind


def _in_folders(sources: Sequence[str]) -> Iterator[ListedObject]:
    """Yield the pictures below folders and prefixes, each once even where these overlap.

    The rules are those of `find_drops`. A folder is held in memory as a whole.
    """
    for drop in find_drops([Path(source) for source in sources if not is_remote(source)]):
        yield ListedObject(str(drop.path), drop.name, _size(drop.path))
    remote = [source for source in sources if is_remote(source)]
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="lister") as pool:
        for number, source in enumerate(remote):
            for listed in _below(source, pool):
                if not is_below(listed.address, remote[:number]):
                    yield listed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # the file is gone, and its row will have that as its reason
        return 0


def _below(source: str, pool: ThreadPoolExecutor) -> Iterator[ListedObject]:
    if _kind(source) == fs.FileType.File:
        yield ListedObject(source, source.rpartition("/")[2])
    else:
        yield from _walk(source, "", _entries(source), pool)


def _walk(
    root: str, below: str, entries: list[fs.FileInfo], pool: ThreadPoolExecutor
) -> Iterator[ListedObject]:
    """Yield the pictures of a listed folder; sub-folders are listed ahead, a few at a time."""
    folders = iter([entry for entry in entries if _is_folder(entry)])
    ahead: deque[Future[list[fs.FileInfo]]] = deque()
    unknown = [
        each for each in entries if each.is_file and not is_called_like_picture(each.base_name)
    ]
    heads = pool.map(lambda entry: head(f"{root}/{below}{entry.base_name}", _HEAD), unknown)
    others = {
        entry.base_name
        for entry, start in zip(unknown, heads, strict=True)
        if not looks_like_picture(start)
    }
    for entry in entries:
        name = below + entry.base_name
        if _is_folder(entry):
            ahead.extend(
                pool.submit(_entries, f"{root}/{below}{folder.base_name}")
                for folder in islice(folders, _AHEAD - len(ahead))
            )
            yield from _walk(root, f"{name}/", ahead.popleft().result(), pool)
        elif entry.is_file and entry.base_name not in others:
            yield ListedObject(f"{root}/{name}", name, entry.size or 0)


def _is_folder(entry: fs.FileInfo) -> bool:
    return entry.type == fs.FileType.Directory and is_entered(entry.base_name)


def _entries(folder: str) -> list[fs.FileInfo]:
    filesystem, path = located(folder)
    try:
        listed = filesystem.get_file_info(fs.FileSelector(path))
    except OSError as error:
        raise FolderError(f"cannot list {folder}: {first_line(error)}") from error
    kept = [entry for entry in listed if not (entry.is_file and by_name(entry.base_name))]
    return sorted(kept, key=lambda entry: entry.base_name)


def read_lists(lists: Sequence[str], *, folders: list[str]) -> Iterator[ListedObject]:
    """Yield the pictures that lists name, each once, but for those below folders read anyway.

    Ray sorts the addresses, so lists may be longer than memory. In the report, a picture has
    its whole address as its name.

    Raises:
        FolderError: a list has no addresses, or some that cannot be read.
    """
    if not lists:
        return
    first, *others = map(_dataset, lists)
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
    normalised: Callable[[pa.Table], pa.Table] = partial(
        _addresses, columns=columns, here=Path.cwd()
    )
    return lines.map_batches(normalised, batch_size=None, batch_format="pyarrow")


def _columns(source: str) -> list[str]:
    try:
        with reading(source) as file:
            schema = parquet.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise FolderError(f"cannot read the list {source}: {first_line(error)}") from error
    # Text alone: Ray adds a type to Arrow whose values are unpickled.
    names = {field.name for field in schema if _is_text(field.type)}
    if {"bucket", "key"} <= names:
        return ["bucket", "key"]
    for name in _COLUMNS:
        if name in names:
            return [name]
    raise FolderError(
        f"the list {source} has the columns {', '.join(schema.names)}: expected one of text "
        f"called {', '.join(_COLUMNS)}, or both bucket and key"
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
