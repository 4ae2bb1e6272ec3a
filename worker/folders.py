"""May the two folders be used? Asked at the start, so that a mistake is one line and not a log."""

import errno
from pathlib import Path
from typing import Final

from worker.claim import Hand
from worker.disk import make_folder
from worker.errors import FolderError
from worker.record import Report

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
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise FolderError(
            f"the inbox {one} and the outbox {other} lie in each other: "
            "choose two folders side by side, or the worker would read what it writes"
        )


def check_rights(hand: Hand, report: Report) -> None:
    """Refuse to start where a person must act; what passes by itself, the loop waits for.

    Raises:
        FolderError: something in inbox or outbox may not be used.
    """
    try:
        hand.prepare()
        report.prepare()
    except OSError as error:
        if error.errno not in _PASSING:
            raise FolderError(
                f"cannot use {error.filename}: {error.strerror}; "
                "the worker needs to read, write, rename and delete in inbox and outbox"
            ) from error
