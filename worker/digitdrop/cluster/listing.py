"""What there is to read below folders and prefixes, in order of name, found as it is needed."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pyarrow import fs

from digitdrop.batch.sources import find_drops, is_called_like_picture
from digitdrop.cluster.addresses import is_below, is_list, is_remote
from digitdrop.cluster.files import head
from digitdrop.cluster.stores import file_type, first_line, located
from digitdrop.decoding.decode import looks_like_picture
from digitdrop.errors import FolderError
from digitdrop.intake.ignore import by_name, is_foreign_folder

_AHEAD: Final = 16  # listings asked for at a time
_HEAD: Final = 32  # bytes


@dataclass(frozen=True, slots=True)
class ListedObject:
    """A picture to be read."""

    address: str
    """An absolute path, or SCHEME://BUCKET/KEY."""
    name: str
    """What the report calls it: relative to the folder or prefix given."""
    size: int = 0
    """Bytes; 0 if that is not known."""


def lists(sources: Sequence[str]) -> list[str]:
    """Give those of the sources that are lists of addresses."""
    return [source for source in sources if is_list(source) and _kind(source) == fs.FileType.File]


def found(sources: Sequence[str]) -> Iterator[ListedObject]:
    """Yield what lies in folders and below prefixes, once also where two overlap.

    The rules are those of `sources.drops`: what is called like a picture, or begins like
    one; hidden and temporary names are passed over. A folder is held in memory as a whole.

    Args:
        sources: in the form of `addresses.normal`; no lists.

    Raises:
        FolderError: a source does not exist, or cannot be listed.
    """
    for drop in find_drops([Path(source) for source in sources if not is_remote(source)]):
        yield ListedObject(str(drop.path), drop.name, _size(drop.path))
    remote = [source for source in sources if is_remote(source)]
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="lister") as pool:
        for number, source in enumerate(remote):
            for one in _below(source, pool):
                if not is_below(one.address, remote[:number]):
                    yield one


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it was taken away meanwhile, and its row will say so
        return 0


def _kind(source: str) -> fs.FileType:
    kind = file_type(source)
    if kind == fs.FileType.NotFound:
        raise FolderError(f"no such file or folder: {source}")
    return kind


def _below(source: str, pool: ThreadPoolExecutor) -> Iterator[ListedObject]:
    if _kind(source) == fs.FileType.File:
        yield ListedObject(source, source.rpartition("/")[2])
    else:
        yield from _walk(source, "", _entries(source), pool)


def _walk(
    root: str, below: str, entries: list[fs.FileInfo], pool: ThreadPoolExecutor
) -> Iterator[ListedObject]:
    """Yield the pictures of a listed folder; its folders are listed ahead, a few at a time."""
    folders = iter([one for one in entries if _is_folder(one)])
    ahead: deque[Future[list[fs.FileInfo]]] = deque()
    unknown = [one for one in entries if one.is_file and not is_called_like_picture(one.base_name)]
    strange = set(_strange(f"{root}/{below}", unknown, pool))
    for entry in entries:
        name = below + entry.base_name
        if _is_folder(entry):
            ahead.extend(
                pool.submit(_entries, f"{root}/{below}{one.base_name}")
                for one in islice(folders, _AHEAD - len(ahead))
            )
            yield from _walk(root, f"{name}/", ahead.popleft().result(), pool)
        elif entry.is_file and entry.base_name not in strange:
            yield ListedObject(f"{root}/{name}", name, entry.size or 0)


def _is_folder(entry: fs.FileInfo) -> bool:
    return entry.type == fs.FileType.Directory and not is_foreign_folder(entry.base_name)


def _strange(folder: str, entries: list[fs.FileInfo], pool: ThreadPoolExecutor) -> Iterator[str]:
    """Yield the names that are no pictures by the way they begin: a look into each."""
    heads = pool.map(lambda one: head(folder + one.base_name, _HEAD), entries)
    for entry, start in zip(entries, heads, strict=True):
        if not looks_like_picture(start):
            yield entry.base_name


def _entries(folder: str) -> list[fs.FileInfo]:
    filesystem, path = located(folder)
    try:
        listed = filesystem.get_file_info(fs.FileSelector(path))
    except OSError as error:
        raise FolderError(f"cannot list {folder}: {first_line(error)}") from error
    kept = [one for one in listed if not (one.is_file and by_name(one.base_name))]
    return sorted(kept, key=lambda one: one.base_name)
