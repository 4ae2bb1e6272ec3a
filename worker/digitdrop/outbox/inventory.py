"""An inventory of the archive, which `verify` and `repair` reconcile with the rows."""

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
"""Bytes; no longer file was ever read, so no row has its digest."""


class Digests:
    """A cache of SHA-256 digests of files that do not change."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, path: Path) -> str:
        """Return the digest of a file in hex; empty if the file may not be read, or is gone."""
        with suppress(InputError):
            return self.read(path)
        return ""

    def read(self, path: Path) -> str:
        """Return the digest of a file in hex; empty if the file is longer than 4 GiB.

        Raises:
            Gone: there is no such file.
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
    """The pictures of the archive; each is taken by one row, in constant time.

    Attributes:
        odd: names of entries that are neither pictures nor folders, with their kind.
        unseen: folders and pictures that cannot be read, with the reason.
        litter: number of files that a system or a crash left there.
        mark: changes when an entry of the archive does.

    Names are relative to the outbox, with `/` between their parts; see `path_of`.
    """

    def __init__(self, inbox: Path, outbox: Path, digests: Digests) -> None:
        """Read the whole archive once, and the files that were too large for it."""
        self._inbox = inbox
        self._outbox = outbox
        self._digests = digests
        self._labels: LabelIndex[str] = LabelIndex()
        self._counts = dict.fromkeys(ARCHIVE_FOLDERS.values(), 0)
        self.odd: dict[str, str] = {}
        self.unseen: dict[str, str] = {}
        self.litter = 0
        self.mark = 0
        for kind in (*self._counts, TOO_LARGE):
            folder = path_of(kind, inbox, outbox)
            for name, entry in _entries(folder, kind, self.unseen):
                self._add(kind, name, entry)

    def _add(self, folder: str, name: str, entry: "os.DirEntry[str]") -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # it was moved meanwhile
            return
        self.mark ^= hash((name, stamp(status)))
        if kind := ignore.by_kind(status.st_mode):
            self.odd[name] = "cannot be listed" if stat.S_ISDIR(status.st_mode) else kind
        elif ignore.is_junk(entry.name):
            self.litter += 1
        else:
            self._add_picture(folder, name)

    def _add_picture(self, folder: str, name: str) -> None:
        try:
            digest = self._digests.read(path_of(name, self._inbox, self._outbox))
        except Gone:
            return
        except Unavailable as error:
            self._counts[folder] = self._counts.get(folder, 0) + 1
            self.unseen[name] = str(error)
            return
        self._counts[folder] = self._counts.get(folder, 0) + 1
        dropped, key = name_as_dropped(name), ROW_ID.search(name.rpartition("/")[2])
        labels: list[tuple[str, ...]]
        labels = [("named", dropped), ("both", dropped, digest), ("content", digest)]
        if key:
            labels += [("id", key[0], digest), ("id", key[0], "")]
        self._labels.add(name, labels)

    def counts(self) -> dict[str, int]:
        """Return the number of pictures by folder of the archive."""
        return self._counts

    def take(self, key: str, row: Row) -> bool:
        """Take the picture with a row's digest and its id or name; False if there is none."""
        return bool(
            self._labels.take("id", key, row.sha256)
            or self._labels.take("both", unescape(row.file), row.sha256)
        )

    def take_like(self, row: Row) -> bool:
        """Take a picture with a row's digest, or with its name if the row has no digest."""
        if row.sha256:
            return bool(self._labels.take("content", row.sha256))
        return bool(self._labels.take("named", unescape(row.file)))

    def left(self) -> list[str]:
        """Return the names of pictures without a row, without names that the inbox ignores."""
        names = self._labels.left()
        litter = {name for name in names if ignore.by_path(_below(name))}
        self.litter += len(litter)
        return sorted(names - litter)


def path_of(name: str, inbox: Path, outbox: Path) -> Path:
    """Return the path of an archived file, or of one in the inbox that was too large."""
    is_aside = name.partition("/")[0] == TOO_LARGE
    return (inbox if is_aside else outbox) / name


def name_as_dropped(name: str) -> str:
    """Return the name of a picture as dropped: without archive folder and day, or claim folder.

    Args:
        name: relative to the outbox, with `/` between its parts.
    """
    parts = name.split("/")
    return "/".join(parts[4 if parts[1] == CLAIMED else 2 :])


def _below(name: str) -> str:
    """Return a name without archive folder and claim folder."""
    parts = name.split("/")
    return "/".join(parts[3 if parts[1] == CLAIMED else 1 :])


def _entries(
    path: Path, folder: str, unseen: dict[str, str]
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    def refused(name: str, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):  # moved meanwhile
            unseen[f"{folder}/{name}"] = error.strerror or str(error)

    try:
        for name, entry in walk(path, refused=refused):
            yield f"{folder}/{name}", entry
    except FileNotFoundError:  # nothing was archived there yet
        return
    except OSError as error:
        unseen[folder] = error.strerror or str(error)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below; nothing if there is no folder."""
    with suppress(FileNotFoundError):  # nothing was archived there yet
        for name, _ in walk(folder):
            yield folder / name
