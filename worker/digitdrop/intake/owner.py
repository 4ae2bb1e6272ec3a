"""Whose hand a batch is: an id that is kept in the outbox, and goes wherever that is moved.

`outbox/.owner` is written once, before the first claim. Its first line has the id, the file's
own number (inode) and when it was written. Where an outbox was copied, number and times differ:
the copy gets an id of its own, so that two workers never take each other's files for their own,
and the earlier id follows in a line with the time of the copy. Of what was in hand under that
id, what was claimed before the copy was made belongs to both, as after a restored backup.
"""

import errno
import logging
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digitdrop.errors import Gone, InputError, Unavailable
from digitdrop.files.disk import make_folder, sync_folders
from digitdrop.files.load import load, open_picture
from digitdrop.intake.claim_names import claim_time, digest

logger = logging.getLogger(__name__)

OWNER: Final = ".owner"
"""Its name in the outbox."""

_LINE: Final = re.compile(rb"([a-z2-7]{16}) ([0-9]{1,20}) ([0-9]{1,12})\n")
_MOST: Final = 4096  # bytes
_MOST_FORMER: Final = 8
_COPIED: Final = (
    10  # seconds between what a file says of its time, and its time, that are no chance
)


@dataclass(frozen=True, slots=True)
class Owner:
    """One outbox as the owner of batches."""

    id: str
    """16 letters and digits; the names of its batches begin with it."""
    former: tuple[tuple[str, int], ...] = ()
    """Ids of the outboxes that this one was copied from, and when; seconds since the epoch."""
    named: str = ""
    """What batches were called by until outboxes had an id: a digest of the outbox's path."""

    def owns(self, batch: str) -> bool:
        """Say whether a batch of this name is in the hand of this outbox."""
        owner = batch.partition("-")[0]
        if owner in {self.id, self.named}:
            return True
        claimed = claim_time(batch)
        return any(
            owner == former and claimed is not None and claimed.timestamp() <= until
            for former, until in self.former
        )


def owner_of(outbox: Path) -> Owner:
    """Read who an outbox is, and write it down the first time; call it under the report's lock.

    A file that cannot be understood is replaced, with a warning: a power cut leaves none, and
    of what was in hand under its id nobody knows any more.

    Raises:
        OSError: the file cannot be read, or not be written.
    """
    make_folder(outbox)
    path = outbox / OWNER
    named = digest(os.fsencode(outbox.resolve()))[:8]
    try:
        known = _parsed(_read(path))
        with open_picture(path) as file:
            status = os.fstat(file.fileno())
            is_copy = status.st_ino != known[0][1] and status.st_ctime > known[0][2] + _COPIED
    except Gone:
        return _begun(path, (), named)
    except (InputError, ValueError):
        owner = _begun(path, (), named)
        logger.warning(
            "%s was damaged and is written anew: what was in hand before counts as another's", path
        )
        return owner
    former = tuple((name, until) for name, _, until in known[1:])
    if not is_copy:
        return Owner(known[0][0], former, named)
    logger.info("%s is a copy: it gets an id of its own", outbox)
    return _begun(path, ((known[0][0], int(status.st_ctime)), *former)[:_MOST_FORMER], named)


def read_owner(outbox: Path) -> Owner:
    """Say who an outbox is, and change nothing; it has no id before its worker's first start."""
    named = digest(os.fsencode(os.path.realpath(outbox)))[:8]
    try:
        first, *former = _parsed(_read(outbox / OWNER))
    except (InputError, OSError, ValueError):
        return Owner("", named=named)
    return Owner(first[0], tuple((name, until) for name, _, until in former), named)


def _read(path: Path) -> bytes:
    try:
        return load(path, most=_MOST)
    except Unavailable as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno != errno.EINVAL:  # it is a regular file
            raise cause from None
        raise


def _parsed(content: bytes) -> list[tuple[str, int, int]]:
    lines = [_LINE.fullmatch(line) for line in content.splitlines(keepends=True)]
    if not lines or not all(lines):
        raise ValueError
    return [(one[1].decode(), int(one[2]), int(one[3])) for one in lines if one]


def _begun(path: Path, former: tuple[tuple[str, int], ...], named: str) -> Owner:
    """Write a new id; once this returns, a power cut cannot take it back."""
    owner = Owner(digest(secrets.token_bytes(32)), former, named)
    aside = path.with_name(f"{OWNER}.new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        status = os.fstat(descriptor)  # the clock of the disk, which may be another machine's
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
