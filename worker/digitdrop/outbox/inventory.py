"""What lies on the shelves of an outbox, to be ticked off row by row."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.errors import Gone, InputError, Unavailable
from digitdrop.escape import unescape
from digitdrop.files.load import sha256_of
from digitdrop.files.tree import walk
from digitdrop.intake import ignore
from digitdrop.intake.claim_names import ROW_ID
from digitdrop.intake.listing import CLAIMED, stamp
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, TOO_LARGE
from digitdrop.outbox.index import LabelIndex
from digitdrop.outbox.row import Row

_MOST_HASHED: Final = 4 * 2**30
"""Bytes; no longer file was ever read, so no row tells its content."""


class Digests:
    """Remembers the SHA-256 of files that stay as they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, path: Path) -> str:
        """Give the digest of a file's bytes in hex; empty if it may not be read, or is gone."""
        with suppress(InputError):
            return self.read(path)
        return ""

    def read(self, path: Path) -> str:
        """Give the digest of a file's bytes in hex; empty if it is longer than 4 GiB.

        Raises:
            Gone: it is not there.
            Unavailable: it is no regular file, or may not be read.
        """
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Gone("the file is not there any more") from error
        except OSError as error:
            raise Unavailable(f"cannot be looked at: {error.strerror}") from error
        key = (path, stamp(status))
        if key not in self._known:
            is_long = status.st_size > _MOST_HASHED
            self._known[key] = "" if is_long else sha256_of(path)
        return self._known[key]


class Inventory:
    """The pictures of the outbox, to be ticked off: each once, each lookup in a moment.

    Attributes:
        odd: what is neither a picture nor a folder, and what it is.
        unseen: folders and pictures that may not be looked into, and why.
        litter: files that a system or a crash left there.
        mark: changes when anything on the shelves does.

    Names are relative to the outbox, with `/` between their parts; `path_of` leads to them.
    """

    def __init__(self, inbox: Path, outbox: Path, digests: Digests) -> None:
        """Look at everything on the shelves once, and at what was too large to be filed there."""
        self._inbox = inbox
        self._outbox = outbox
        self._digests = digests
        self._labels: LabelIndex[str] = LabelIndex()
        self._counts = dict.fromkeys(ARCHIVE_FOLDERS.values(), 0)
        self.odd: dict[str, str] = {}
        self.unseen: dict[str, str] = {}
        self.litter = 0
        self.mark = 0
        for shelf in (*self._counts, TOO_LARGE):
            folder = path_of(shelf, inbox, outbox)
            for name, entry in _entries(folder, shelf, self.unseen):
                self._add(shelf, name, entry)

    def _add(self, shelf: str, name: str, entry: "os.DirEntry[str]") -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # it has another name by now
            return
        self.mark ^= hash((name, stamp(status)))
        if kind := ignore.by_kind(status.st_mode):
            self.odd[name] = "cannot be listed" if stat.S_ISDIR(status.st_mode) else kind
        elif ignore.is_junk(entry.name):
            self.litter += 1
        else:
            self._take_in(shelf, name)

    def _take_in(self, shelf: str, name: str) -> None:
        try:
            digest = self._digests.read(path_of(name, self._inbox, self._outbox))
        except Gone:
            return
        except Unavailable as error:
            self._counts[shelf] = self._counts.get(shelf, 0) + 1
            self.unseen[name] = str(error)
            return
        self._counts[shelf] = self._counts.get(shelf, 0) + 1
        dropped, key = name_as_dropped(name), ROW_ID.search(name.rpartition("/")[2])
        labels: list[tuple[str, ...]]
        labels = [("named", dropped), ("both", dropped, digest), ("content", digest)]
        if key:
            labels += [("id", key[0], digest), ("id", key[0], "")]
        self._labels.add(name, labels)

    def counts(self) -> dict[str, int]:
        """Count the pictures by shelf."""
        return self._counts

    def take(self, key: str, row: Row) -> bool:
        """Tick off the picture with a row's content that carries its id or its name."""
        return bool(
            self._labels.take("id", key, row.sha256)
            or self._labels.take("both", unescape(row.file), row.sha256)
        )

    def take_like(self, row: Row) -> bool:
        """Tick off a picture with a row's content, else, if it tells none, with its name."""
        if row.sha256:
            return bool(self._labels.take("content", row.sha256))
        return bool(self._labels.take("named", unescape(row.file)))

    def left(self) -> list[str]:
        """Name the pictures that no row ticked off, but for what is no picture by its name."""
        names = self._labels.left()
        litter = {name for name in names if ignore.by_path(_below(name))}
        self.litter += len(litter)
        return sorted(names - litter)


def path_of(name: str, inbox: Path, outbox: Path) -> Path:
    """Give the path of what lies on a shelf, or in the inbox since it was too large for one."""
    is_aside = name.partition("/")[0] == TOO_LARGE
    return (inbox if is_aside else outbox) / name


def name_as_dropped(name: str) -> str:
    """Name a picture as its row may: without shelf and day, or folder of the hand.

    Args:
        name: relative to the outbox, with `/` between its parts.
    """
    parts = name.split("/")
    return "/".join(parts[4 if parts[1] == CLAIMED else 2 :])


def _below(name: str) -> str:
    """Leave out the shelf, and what the worker made for its own use below it."""
    parts = name.split("/")
    return "/".join(parts[3 if parts[1] == CLAIMED else 1 :])


def _entries(
    folder: Path, shelf: str, unseen: dict[str, str]
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    def refused(name: str, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):  # it was moved
            unseen[f"{shelf}/{name}"] = error.strerror or str(error)

    try:
        for name, entry in walk(folder, refused=refused):
            yield f"{shelf}/{name}", entry
    except FileNotFoundError:  # nothing has led there yet
        return
    except OSError as error:
        unseen[shelf] = error.strerror or str(error)


def files_in(folder: Path) -> Iterator[Path]:
    """List whatever lies in a folder and below, but for folders; nothing if there is none."""
    with suppress(FileNotFoundError):  # nothing has led there yet
        for name, _ in walk(folder):
            yield folder / name
