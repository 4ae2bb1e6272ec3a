"""Identify an outbox as the owner of claims, by an id in the outbox that moves with it.

`outbox/.owner` is written once, before the first claim. Its first line has the id, the inode of
the file itself, and the time of writing. In a copy of the outbox, inode and times differ: the
copy gets an id of its own, so that no two workers own the same claims. The earlier id follows in
a second line, with the time of the copy. Files claimed under that id before the copy was made
belong to both outboxes, as after a restored backup.
"""

import errno
import logging
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from digitdrop.errors import Gone, InputError, Unavailable
from digitdrop.files.disk import make_folder, sync_folders
from digitdrop.files.load import load, open_picture
from digitdrop.intake.claim_names import all_in, batches, claim_time, digest
from digitdrop.intake.listing import CLAIMED
from digitdrop.values import Drop

logger = logging.getLogger(__name__)

OWNER: Final = ".owner"
"""Name of the file in the outbox."""

_LINE: Final = re.compile(rb"([a-z2-7]{16}) ([0-9]{1,20}) ([0-9]{1,12})\n")
_MOST: Final = 4096  # bytes
_MOST_FORMER: Final = 8
_COPIED: Final = 10  # seconds between the time in the file and its ctime that prove a copy


@dataclass(frozen=True, slots=True)
class Owner:
    """An outbox as the owner of batches."""

    id: str
    """16 letters and digits; the names of its batches begin with them. Empty before its
    worker's first start."""
    former: tuple[tuple[str, int], ...] = ()
    """Ids of the outboxes that this one was copied from, and the time of each copy in seconds
    since the epoch."""
    named: str = ""
    """A digest of the outbox's path: the id that batches had before outboxes got one."""

    def owns(self, batch: str) -> bool:
        """Return True if a batch of this name belongs to the outbox."""
        owner = batch.partition("-")[0]
        if owner in {self.id, self.named}:
            return True
        claimed = claim_time(batch)
        return any(
            owner == former and claimed is not None and claimed.timestamp() <= until
            for former, until in self.former
        )


@dataclass(frozen=True, slots=True)
class OwnedClaim:
    """A claimed file."""

    drop: Drop
    is_foreign: bool
    """True if its row goes to another outbox."""
    since: datetime | None
    """Time of the claim, in UTC; None if the name of its batch has none."""
    is_file: bool = True
    """False for a link, a pipe and the like, which are never read."""


def claims_with_owners(inbox: Path, outbox: Path) -> Iterator[OwnedClaim]:
    """Yield the claimed files of an inbox, without changing any.

    Args:
        inbox: the inbox, or the folder `review/` of the outbox for corrections.
        outbox: the outbox whose claims are not foreign.

    Raises:
        OSError: the claim folder cannot be listed.
    """
    owner = read_owner(outbox)
    for batch in batches(inbox / CLAIMED):
        for drop, is_file in all_in(batch):
            yield OwnedClaim(drop, not owner.owns(batch.name), claim_time(batch.name), is_file)


def owner_of(outbox: Path) -> Owner:
    """Read the owner id of an outbox, or write a new one; the caller holds the report's lock.

    A damaged file is replaced, with a warning. A power cut leaves none, and its id is lost.

    Raises:
        OSError: the file cannot be read, or not be written.
    """
    make_folder(outbox)
    path = outbox / OWNER
    named = _digest_of(outbox)
    try:
        owner, inode, written = _stored(outbox)
        with open_picture(path) as file:
            status = os.fstat(file.fileno())
            is_copy = status.st_ino != inode and status.st_ctime > written + _COPIED
    except Gone:
        return _write(path, (), named)
    except (InputError, ValueError):
        owner = _write(path, (), named)
        logger.warning("%s was damaged and is written anew: earlier claims count as foreign", path)
        return owner
    if not is_copy:
        return owner
    logger.info("%s is a copy: it gets an id of its own", outbox)
    former = ((owner.id, int(status.st_ctime)), *owner.former)
    return _write(path, former[:_MOST_FORMER], named)


def read_owner(outbox: Path) -> Owner:
    """Read the owner id of an outbox, and change nothing."""
    try:
        return _stored(outbox)[0]
    except (InputError, OSError, ValueError):
        return Owner("", named=_digest_of(outbox))


def _digest_of(outbox: Path) -> str:
    return digest(os.fsencode(os.path.realpath(outbox)))[:8]


def _stored(outbox: Path) -> tuple[Owner, int, int]:
    """Return the owner in the file, and the inode and the time that the file has of itself."""
    path = outbox / OWNER
    try:
        content = load(path, most=_MOST)
    except Unavailable as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno != errno.EINVAL:  # it is a regular file
            raise cause from None
        raise
    matches = [_LINE.fullmatch(line) for line in content.splitlines(keepends=True)]
    lines = [(each[1].decode(), int(each[2]), int(each[3])) for each in matches if each]
    if not lines or len(lines) < len(matches):
        raise ValueError
    (name, inode, written), *others = lines
    former = tuple((name, until) for name, _, until in others)
    return Owner(name, former, _digest_of(outbox)), inode, written


def _write(path: Path, former: tuple[tuple[str, int], ...], named: str) -> Owner:
    """Write a new id; once this returns, a power cut cannot undo it."""
    owner = Owner(digest(secrets.token_bytes(32)), former, named)
    aside = path.with_name(f"{OWNER}.new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        status = os.fstat(descriptor)  # by the clock of the disk, perhaps another machine's
        lines = [f"{owner.id} {status.st_ino} {int(status.st_mtime)}\n"]
        lines += [f"{name} 0 {until}\n" for name, until in former]
        content = "".join(lines).encode()
        if os.write(descriptor, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(aside))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(path)
    sync_folders([path.parent])
    return owner
