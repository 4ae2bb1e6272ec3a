"""What is in hand, and the name of its row. `inbox/.claimed/BATCH/NAME`."""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from digitdrop.files.tree import walk
from digitdrop.intake.listing import CLAIMED
from digitdrop.values import Drop


def claimed_drops(inbox: Path) -> Iterator[Drop]:
    """List what is in hand in an inbox, whoever's hand it is."""
    for folder in batches(inbox / CLAIMED):
        yield from drops_in(folder)


ROW_ID: Final = re.compile("(?<![^~])d[a-z2-7]{16}(?![a-z2-7])")
"""Finds the id of a row in a file name, see `row_id` and `shelve`."""


def row_id(batch: str, name: str) -> str:
    """Name the row of a claimed file: the same again when it is found there after a crash.

    80 bits of BLAKE2b: among a thousand million rows the odds that any two share
    an id are about 4 in 10 million. It begins with a letter, so that no
    spreadsheet takes it for a number or a formula.
    """
    return f"d{digest(batch.encode() + b'/' + os.fsencode(name))}"


def batch_name(owner: str, now: float) -> str:
    """Name a new batch, which no other ever had or will have.

    The time of the claim is in it: no row of its files can be older, so that recovery
    need not look through reports that were closed long before.

    Args:
        owner: letters and digits that tell whose batch it is.
        now: seconds since the epoch.
    """
    return f"{owner}-{int(now):08x}-{secrets.token_hex(8)}"


def claim_time(batch: str) -> datetime | None:
    """Read the time of the claim from a batch's name; None if it tells none."""
    match = _BATCH.fullmatch(batch)
    return datetime.fromtimestamp(int(match[1], 16), UTC) if match else None


_BATCH: Final = re.compile("[^-]+-([0-9a-f]{8})-[0-9a-f]{16}")


def batches(claimed: Path) -> list[Path]:
    """List the batches in a claim folder, all workers'; none if it is not there.

    A link is no batch: nothing is taken out of the folder that it leads to.
    """
    try:
        with os.scandir(claimed) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return [claimed / name for name in sorted(names)]


def drops_in(batch: Path) -> Iterator[Drop]:
    """List the regular files of a batch, under the same ids as ever."""
    yield from (drop for drop, is_file in all_in(batch) if is_file)


def all_in(batch: Path) -> Iterator[tuple[Drop, bool]]:
    """List what lies in a batch, and whether it is a regular file, which alone is ever read."""
    with suppress(FileNotFoundError, NotADirectoryError):  # it was finished just now
        for place, entry in walk(batch):
            name = name_of(place)
            drop = Drop(id=row_id(batch.name, name), path=batch / place, name=name)
            yield drop, entry.is_file(follow_symlinks=False)


def place_for(name: str) -> str:
    """Give the path within a batch where a file lies in hand: its name, or a shorter way to it.

    To make and remove a thousand folders for one file would take longer than others may wait,
    so those of a deep name are written into few.

    >>> place_for("monday/7.png")
    'monday/7.png'
    >>> place_for("d/" * 40 + "7.png")
    '.deep/d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~/d~d~d~d~d~d~d~d~d~d~/7.png'
    """
    folder, _, last = name.rpartition("/")
    if folder.count("/") < _DEEPEST:
        return name
    # The end mark keeps a part from being `.` or `..`.
    text = folder.replace("!", "!e").replace("~", "!t").replace("/", "~") + "~"
    parts = [text[start : start + _PART] for start in range(0, len(text), _PART)]
    return "/".join([_DEEP, *parts, last])


def name_of(place: str) -> str:
    """Give the name of a file that lies in hand at a path within its batch; see `place_for`."""
    first, _, rest = place.partition("/")
    if first != _DEEP:
        return place
    parts, _, last = rest.rpartition("/")
    text = parts.replace("/", "").removesuffix("~")
    return text.replace("~", "/").replace("!t", "~").replace("!e", "!") + f"/{last}"


_DEEP: Final = ".deep"  # no drop begins with a dot
_DEEPEST: Final = 32  # folders that are made again in hand
_PART: Final = 60  # characters, of four bytes at most; a name may have 255 bytes


def digest(content: bytes) -> str:
    """Give 80 bits of BLAKE2b as 16 letters and digits."""
    short = hashlib.blake2b(content, digest_size=10).digest()
    return base64.b32encode(short).decode().lower()
