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


def in_hand(inbox: Path) -> Iterator[Drop]:
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
        for name, entry in walk(batch):
            called = _called(name)
            drop = Drop(id=row_id(batch.name, called), path=batch / name, name=called)
            yield drop, entry.is_file(follow_symlinks=False)


def lies(name: str) -> str:
    """Say where a file lies within its batch: under its own name, unless that is very deep.

    To make and remove a thousand folders for one file would take longer than others may wait.
    """
    if name.count("/") <= _DEEPEST:
        return name
    flat = name.replace(_ESCAPE, f"{_ESCAPE}e").replace(_SLASH, f"{_ESCAPE}s").replace("/", _SLASH)
    parts = [f"_{flat[start : start + _PART]}" for start in range(0, len(flat), _PART)]
    return "/".join([_DEEP, *parts])


def _called(lies: str) -> str:
    """Give back the name that `lies` was told."""
    first, _, rest = lies.partition("/")
    if first != _DEEP:
        return lies
    flat = "".join(part[1:] for part in rest.split("/"))
    return flat.replace(_SLASH, "/").replace(f"{_ESCAPE}s", _SLASH).replace(f"{_ESCAPE}e", _ESCAPE)


_DEEPEST: Final = 32  # folders
_DEEP: Final = ".deep"  # no drop begins with a dot
_ESCAPE, _SLASH = "\x1e", "\x1f"
_PART: Final = 60  # characters, which are 240 bytes at most


def digest(content: bytes) -> str:
    """Give 80 bits of BLAKE2b as 16 letters and digits."""
    short = hashlib.blake2b(content, digest_size=10).digest()
    return base64.b32encode(short).decode().lower()
