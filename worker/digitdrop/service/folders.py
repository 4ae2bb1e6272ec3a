"""May the two folders be used? Asked at the start, so that a mistake is one line and not a log."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.errors import FolderError
from digitdrop.files.disk import make_folder
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import CLAIMED
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.report import REPORT, Report
from digitdrop.values import Status

_PASSING: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.EAGAIN}
"""What a full, failing or busy disk says; all else is for a person to put right."""


def check_folders(inbox: Path, outbox: Path) -> None:
    """Make the two folders if need be, and refuse to read what the worker writes.

    Raises:
        FolderError: one cannot be made, or they lie in each other.
    """
    for name, folder in (("inbox", inbox), ("outbox", outbox)):
        try:
            make_folder(folder)
        except FileExistsError as error:
            what = "is a file" if folder.exists() else f"would lie in {error.filename}, a file"
            raise FolderError(
                f"the {name} {folder} {what}: name a folder with --{name}"
            ) from error
        except OSError as error:
            raise FolderError(
                f"cannot make the {name} {folder}: {error.strerror}; name another with --{name}"
            ) from error
    one, other = inbox.resolve(), outbox.resolve()
    if _overlap(one, other):
        raise FolderError(
            f"the inbox {one} and the outbox {other} lie in each other: "
            "choose two folders side by side, or the worker would read what it writes"
        )
    for claims in (inbox / CLAIMED, outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN] / CLAIMED):
        if claims.is_symlink():
            raise FolderError(
                f"{claims} is a link to {claims.resolve()}: remove it; the worker makes a folder "
                "of that name for what is in hand"
            )
    _check_links(inbox, outbox)


def _check_links(inbox: Path, outbox: Path) -> None:
    """Refuse shelves that lead into the inbox or into each other; to other disks they may."""
    shelves = [outbox / name for name in sorted(set(ARCHIVE_FOLDERS.values()))]
    for place in (*shelves, *_links(outbox, shelves)):
        for other in (inbox, *shelves):
            if other != place and _overlap(place.resolve(), other.resolve()):
                raise FolderError(
                    f"{place} leads to {place.resolve()}, which is, holds or lies in {other}: "
                    "remove that link or mount; the worker would read or count a picture twice"
                )


def _links(outbox: Path, shelves: Iterable[Path]) -> Iterator[Path]:
    """List the links in an outbox: days, what `review/` is sorted into, the report."""
    for folder in (outbox, *shelves):
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # see check_rights
            yield from (path for path in folder.iterdir() if path.is_symlink() and _counts(path))


def _counts(link: Path) -> bool:
    return not link.is_file() or link.name == REPORT  # what is missing may be made any time


def _overlap(one: Path, other: Path) -> bool:
    """Say whether two folders are one, or one lies in the other; also through a bind mount."""
    return any(_is_same(one, part) for part in (other, *other.parents)) or any(
        _is_same(other, part) for part in (one, *one.parents)
    )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def check_rights(claims: Claims, report: Report) -> None:
    """Refuse to start where a person must act; what passes by itself, the loop waits for.

    Raises:
        FolderError: something in inbox or outbox may not be used.
    """
    try:
        claims.prepare()
        report.prepare()
    except OSError as error:
        if error.errno not in _PASSING:
            raise FolderError(
                f"cannot use {error.filename}: {error.strerror}; "
                "the worker needs to read, write, rename and delete in inbox and outbox"
            ) from error
