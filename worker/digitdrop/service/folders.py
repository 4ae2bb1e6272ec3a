"""Checks of inbox and outbox at the start, so that a mistake is one line instead of a log."""

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
"""Errors of a full, failing or busy disk, which may pass; a person must mend all others."""


def check_folders(inbox: Path, outbox: Path) -> None:
    """Make missing folders; refuse folders in which the worker would read its own output.

    Raises:
        FolderError: a folder cannot be made, or one lies in the other.
    """
    for name, folder in (("inbox", inbox), ("outbox", outbox)):
        try:
            make_folder(folder)
        except FileExistsError as error:
            problem = "is a file" if folder.exists() else f"would lie in {error.filename}, a file"
            raise FolderError(
                f"the {name} {folder} {problem}: name a folder with --{name}"
            ) from error
        except OSError as error:
            raise FolderError(
                f"cannot make the {name} {folder}: {error.strerror}; name another with --{name}"
            ) from error
    one, other = inbox.resolve(), outbox.resolve()
    if _overlap(one, other):
        raise FolderError(
            f"the inbox {one} and the outbox {other} lie in each other: "
            "choose two folders side by side, or the worker would read its own output"
        )
    for claims in (inbox / CLAIMED, outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN] / CLAIMED):
        if claims.is_symlink():
            raise FolderError(
                f"{claims} is a link to {claims.resolve()}: remove it; the worker makes a folder "
                "of that name for claimed files"
            )
    _check_links(inbox, outbox)


def _check_links(inbox: Path, outbox: Path) -> None:
    """Refuse archive folders that lead into the inbox or into each other; other disks are fine."""
    archives = [outbox / name for name in sorted(set(ARCHIVE_FOLDERS.values()))]
    for place in (*archives, *_links(outbox, archives)):
        for other in (inbox, *archives):
            if other != place and _overlap(place.resolve(), other.resolve()):
                raise FolderError(
                    f"{place} leads to {place.resolve()}, which is, holds or lies in {other}: "
                    "remove that link or mount; the worker would read or count a picture twice"
                )


def _links(outbox: Path, archives: Iterable[Path]) -> Iterator[Path]:
    """Yield the links in an outbox: days, labels in `review/`, the report."""
    for folder in (outbox, *archives):
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # see check_rights
            yield from (path for path in folder.iterdir() if path.is_symlink() and _counts(path))


def _counts(link: Path) -> bool:
    return not link.is_file() or link.name == REPORT  # a missing target may appear at any time


def _overlap(one: Path, other: Path) -> bool:
    """Return True if two folders are the same, or one lies in the other, also by a bind mount."""
    return any(_is_same(one, part) for part in (other, *other.parents)) or any(
        _is_same(other, part) for part in (one, *one.parents)
    )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def check_rights(claims: Claims, report: Report) -> None:
    """Refuse to start if a person must act; the loop waits for errors that may pass.

    Raises:
        FolderError: inbox or outbox may not be used.
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
