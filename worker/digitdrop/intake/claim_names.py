"""List claimed files, `inbox/.claimed/BATCH/NAME`, and name their rows."""

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

ROW_ID: Final = re.compile("(?<![^~])d[a-z2-7]{16}(?![a-z2-7])")
"""Finds the id of a row in the name of an archived file, see `outbox.archive`."""

_BATCH: Final = re.compile("[^-]+-([0-9a-f]{8})-[0-9a-f]{16}")
_DEEP: Final = ".deep"  # no drop begins with a dot
_DEEPEST: Final = 32  # folders that are made again below a batch
_PART: Final = 60  # characters, of four bytes at most; a name may have 255 bytes


def row_id(batch: str, name: str) -> str:
    """Return the id of a claimed file's row: the same id again after a crash.

    80 bits of BLAKE2b: among a thousand million rows the odds that any two share
    an id are about 4 in 10 million. The first character is a letter, so that no
    spreadsheet takes the id for a number or a formula.

    >>> row_id("k3x-6ad1f00d-0123456789abcdef", "7.png")
    'dk3q52mie6hfbn22w'
    """
    return f"d{digest(batch.encode() + b'/' + os.fsencode(name))}"


def digest(content: bytes) -> str:
    """Return 80 bits of BLAKE2b as 16 lower-case letters and digits (base32)."""
    short = hashlib.blake2b(content, digest_size=10).digest()
    return base64.b32encode(short).decode().lower()


def batch_name(owner: str, now: float) -> str:
    """Return a new name for a batch, which is never used again.

    The name holds the time of the claim. No row of its files can be older, so recovery skips
    reports that were closed long before.

    Args:
        owner: letters and digits that identify the outbox.
        now: seconds since the epoch.
    """
    return f"{owner}-{int(now):08x}-{secrets.token_hex(8)}"


def claim_time(batch: str) -> datetime | None:
    """Return the time of the claim, in UTC, from a batch's name; None if the name has none.

    >>> claim_time("k3x-6ad1f00d-0123456789abcdef").isoformat()
    '2026-10-16T09:36:13+00:00'
    """
    match = _BATCH.fullmatch(batch)
    return datetime.fromtimestamp(int(match[1], 16), UTC) if match else None


def batches(claimed: Path) -> list[Path]:
    """Return the batches in a claim folder, of all workers; none if the folder is not there.

    A link is no batch: nothing is taken out of the folder that it leads to.
    """
    try:
        with os.scandir(claimed) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return [claimed / name for name in sorted(names)]


def all_in(batch: Path) -> Iterator[tuple[Drop, bool]]:
    """Yield the entries of a batch, each with True for a regular file; others are never read."""
    with suppress(FileNotFoundError, NotADirectoryError):  # another worker has just finished it
        for place, entry in walk(batch):
            name = name_of(place)
            drop = Drop(id=row_id(batch.name, name), path=batch / place, name=name)
            yield drop, entry.is_file(follow_symlinks=False)


def claimed_drops(inbox: Path) -> Iterator[Drop]:
    """Yield the claimed files of an inbox, of all workers."""
    for batch in batches(inbox / CLAIMED):
        yield from (drop for drop, is_file in all_in(batch) if is_file)


def place_for(name: str) -> str:
    """Return the path of a claimed file within its batch: its name, or a shorter path.

    To make and remove a thousand folders for one file would hold up the others, so a deep path
    is written into the names of few folders. `name_of` is the inverse.

    >>> place_for("monday/7.png")
    'monday/7.png'
    >>> place_for("d/" * 40 + "7.png")
    '.deep/d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~d~/d~d~d~d~d~d~d~d~d~d~/7.png'
    """
    folder, _, last = name.rpartition("/")
    if folder.count("/") < _DEEPEST:
        return name
    # The mark at the end keeps a part from being `.` or `..`.
    text = folder.replace("!", "!e").replace("~", "!t").replace("/", "~") + "~"
    parts = [text[start : start + _PART] for start in range(0, len(text), _PART)]
    return "/".join([_DEEP, *parts, last])


def name_of(place: str) -> str:
    """Return the name of a file that is claimed at this path within its batch.

    >>> name_of(place_for("d/" * 40 + "7.png")) == "d/" * 40 + "7.png"
    True
    """
    first, _, rest = place.partition("/")
    if first != _DEEP:
        return place
    parts, _, last = rest.rpartition("/")
    text = parts.replace("/", "").removesuffix("~")
    return text.replace("~", "/").replace("!t", "~").replace("!e", "!") + f"/{last}"
