"""What is in hand, and the name of its row. `inbox/.claimed/BATCH/NAME`."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from worker.inbox import CLAIMED
from worker.values import Drop


def in_hand(inbox: Path) -> Iterator[Drop]:
    """List what is in hand in an inbox, whoever's hand it is."""
    for folder in batches(inbox / CLAIMED):
        yield from drops_in(folder)


def row_id(batch: str, name: str) -> str:
    """Name the row of a claimed file: the same again when it is found there after a crash.

    80 bits of BLAKE2b: among a thousand million rows the odds that any two share
    an id are about 4 in 10 million. It begins with a letter, so that no
    spreadsheet takes it for a number or a formula.
    """
    return f"d{digest(batch.encode() + b'/' + os.fsencode(name))}"


def batches(claimed: Path) -> list[Path]:
    """List the batches in a claim folder, all workers'; none if it is not there."""
    try:
        return sorted(path for path in claimed.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def drops_in(batch: Path) -> Iterator[Drop]:
    """List what lies in a batch, under the same ids as ever."""
    for folder, _, files in os.walk(batch):
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(batch).as_posix()
            yield Drop(id=row_id(batch.name, name), path=path, name=name)


def digest(content: bytes) -> str:
    """Give 80 bits of BLAKE2b as 16 letters and digits."""
    short = hashlib.blake2b(content, digest_size=10).digest()
    return base64.b32encode(short).decode().lower()
