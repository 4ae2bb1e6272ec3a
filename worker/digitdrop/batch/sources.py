"""The drops of a one-shot run: files as named, and the pictures in folders."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

from digitdrop.decoding.container.unread import UNSUPPORTED_HEAD, unsupported_kind
from digitdrop.decoding.decode import looks_like_picture
from digitdrop.errors import FolderError, InputError
from digitdrop.escape import printable
from digitdrop.files.load import head_of
from digitdrop.intake.listing import listing
from digitdrop.values import Drop

logger = logging.getLogger(__name__)

_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".webp", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm", ".apng", ".avif", ".heic", ".heif", ".hif"}
    | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"}
)


def find_drops(sources: Sequence[Path], *, unread: Counter[str] | None = None) -> Iterator[Drop]:
    """Yield a drop for each picture, in order of name; a file below two sources once.

    A file that is named itself is always read, also through a link. In a folder, a file is read
    if it begins like a picture or has a picture's suffix; other files (notes, lists) and hidden
    or temporary names are passed over.

    Args:
        sources: files and folders.
        unread: counts the pictures that are passed over, by their kind, and the folders below a
            source that cannot be listed.

    Raises:
        FolderError: a source does not exist.
    """
    for number, source in enumerate(sources):
        if not source.exists():
            raise FolderError(f"no such file or folder: {source}")
        earlier = [other.resolve() for other in sources[:number]]
        for drop in _below(source, Counter() if unread is None else unread):
            if not (earlier and _is_below(drop.path.resolve(), earlier)):
                yield drop


def is_called_like_picture(name: str) -> bool:
    """Return True if a name has the suffix of a picture."""
    suffix = os.path.splitext(name)[1]  # noqa: PTH122 - quicker than a path's own
    return suffix.lower() in _SUFFIXES


def _is_below(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def count_sources(sources: Sequence[Path], *, is_stopping: Callable[[], bool]) -> int:
    """Count the drops; at a stop, those found so far."""
    return sum(1 for _ in takewhile(lambda _: not is_stopping(), find_drops(sources)))


def _below(source: Path, unread: Counter[str]) -> Iterator[Drop]:
    if not source.is_dir():
        # A link that is named is followed, unlike one that lies in a folder.
        path = source.resolve() if source.is_symlink() else source
        yield Drop(id=None, path=path, name=source.name)
        return

    def refused(folder: str, error: OSError) -> None:
        logger.warning("cannot list the folder %s: %s", printable(folder), error.strerror)
        unread["folder(s) that cannot be listed"] += 1

    for found in listing(source, in_order=True, refused=refused):
        path = source / found.name
        if is_called_like_picture(found.name) or looks_like_picture(head := _head(path)):
            yield Drop(id=None, path=path, name=found.name)
        elif kind := unsupported_kind(found.name, head):
            unread[kind] += 1


def _head(path: Path) -> bytes:
    try:
        return head_of(path, UNSUPPORTED_HEAD)
    except InputError:
        return b""
