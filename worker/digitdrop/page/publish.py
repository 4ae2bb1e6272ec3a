"""Put the page in its place: whole, in one rename, and never over what somebody else wrote."""

import os
import time
from pathlib import Path
from typing import Final

from digitdrop.errors import FolderError
from digitdrop.files.disk import write_whole
from digitdrop.files.regular import open_regular

_MARK: Final = b'<meta name="generator" content="digitdrop">'
_HEAD: Final = 1000  # bytes: the mark stands among the first lines
_STALE: Final = 60.0  # seconds after which what a killed process was writing is taken away


def publish(text: str, page: Path) -> None:
    """Write the page aside and rename it; whoever has it open keeps the earlier one.

    Raises:
        FolderError: a file that is no page of ours has the name.
        OSError: the disk is full, read-only or failing; the earlier page is as it was.
    """
    _check(page)
    _tidy(page)
    write_whole(page, text.encode(), aside=page.with_name(f".{page.name}.{os.getpid()}.part"))


def _check(page: Path) -> None:
    try:
        with open_regular(page) as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FolderError(f"cannot write {page}: {error.strerror}") from error
    if head and _MARK not in head:
        raise FolderError(
            f"{page} is no page of digitdrop, and is not written over: "
            "move it away, or give --output another name"
        )


def _tidy(page: Path) -> None:
    for part in page.parent.glob(f".{page.name}.*.part"):
        try:
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
        except FileNotFoundError:
            continue
