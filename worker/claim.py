"""Take files into hand, and give them back. Where a file lies is its state.

`inbox/.claimed/BATCH/NAME` is in hand. A claim is one rename on one file
system, so two workers can never take the same file. BATCH begins with the
outbox that its rows go to, because only the worker of that outbox can tell
from its report whether a file that a crash left in hand has its row already.
"""

import base64
import errno
import hashlib
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from worker.disk import move, sync_folders
from worker.errors import FolderError
from worker.inbox import CLAIMED
from worker.values import Drop

logger = logging.getLogger(__name__)


class Hand:
    """The hand of one worker: between its inbox and its outbox."""

    def __init__(self, inbox: Path, outbox: Path) -> None:
        """Name the folders; `prepare` makes the claim folder.

        Args:
            inbox: where files are taken from and given back to.
            outbox: whose worker this is; it must not be moved while files are in hand.
        """
        self._inbox = inbox
        self._claimed = inbox / CLAIMED
        self._owner = _digest(os.fsencode(outbox.resolve()))[:8]

    def prepare(self) -> None:
        """Make the claim folder.

        Raises:
            FolderError: files cannot be taken out of this inbox.
        """
        try:
            self._claimed.mkdir(exist_ok=True)
            probe = self._claimed / f"probe-{secrets.token_hex(4)}"
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            raise FolderError(
                f"cannot take files out of the inbox {self._inbox}: {error.strerror}; "
                "the worker needs to write, rename and delete there"
            ) from error

    def take(self, names: Iterable[str]) -> list[Drop]:
        """Claim files; once this returns, a power cut cannot undo a claim.

        A file that somebody else took or removed first is left out in silence.

        Args:
            names: relative to the inbox; none twice.

        Raises:
            OSError: the disk is full or failing; what was claimed so far lies in
                hand and is found by `left_behind`.
        """
        batch = self._claimed / f"{self._owner}-{secrets.token_hex(8)}"
        batch.mkdir()
        drops = [drop for name in names if (drop := self._take(name, batch))]
        if drops:
            sources = {(self._inbox / drop.name).parent for drop in drops}
            kept = {drop.path.parent for drop in drops} | {batch, self._claimed}
            sync_folders(folder for folder in sources | kept if folder.exists())
        else:
            batch.rmdir()
        return drops

    def give_back(self, drop: Drop) -> bool:
        """Put a file back under its name; False if another file has the name by now.

        Then it stays in hand.
        """
        target = self._inbox / drop.name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            move(drop.path, target)
        except (FileExistsError, NotADirectoryError):
            return False
        return True

    def let_go(self, drops: Iterable[Drop]) -> None:
        """Remove the folders of batches that are finished; one with files in it stays."""
        for folder in {self._batch(drop) for drop in drops}:
            remove_empty(folder)

    def left_behind(self) -> Iterator[Drop]:
        """List what an earlier run of this worker left in hand, under its old ids."""
        for folder in self._batches():
            if folder.name.startswith(f"{self._owner}-"):
                yield from _drops(folder)
                remove_empty(folder)

    def strangers(self) -> int:
        """Count the files that are in hand for other outboxes."""
        return sum(
            1
            for folder in self._batches()
            if not folder.name.startswith(f"{self._owner}-")
            for _ in _drops(folder)
        )

    def _batches(self) -> list[Path]:
        try:
            return sorted(path for path in self._claimed.iterdir() if path.is_dir())
        except FileNotFoundError:
            return []

    def _batch(self, drop: Drop) -> Path:
        return self._claimed / drop.path.relative_to(self._claimed).parts[0]

    def _take(self, name: str, batch: Path) -> Drop | None:
        target = batch / name
        try:
            if "/" in name:
                target.parent.mkdir(parents=True, exist_ok=True)
            (self._inbox / name).rename(target)
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            if not isinstance(error, FileNotFoundError):
                logger.warning("cannot take %r out of the inbox: %s", name, error.strerror)
            return None
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.ENAMETOOLONG, errno.EBUSY}:
                raise
            logger.warning("cannot take %r out of the inbox: %s", name, error.strerror)
            return None
        return Drop(id=row_id(batch.name, name), path=target, name=name)


def row_id(batch: str, name: str) -> str:
    """Name the row of a claimed file: the same again when it is found there after a crash.

    80 bits of BLAKE2b: among a thousand million rows the odds that any two share
    an id are about 4 in 10 million. It begins with a letter, so that no
    spreadsheet takes it for a number or a formula.
    """
    return f"d{_digest(batch.encode() + b'/' + os.fsencode(name))}"


def remove_empty(folder: Path) -> None:
    """Remove a folder and the folders in it, but no file; silent if files are left."""
    for path, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            _rmdir(Path(path, name))
    _rmdir(folder)


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
            raise


def _drops(batch: Path) -> Iterator[Drop]:
    for folder, _, files in os.walk(batch):
        for file in files:
            path = Path(folder, file)
            name = path.relative_to(batch).as_posix()
            yield Drop(id=row_id(batch.name, name), path=path, name=name)


def _digest(content: bytes) -> str:
    digest = hashlib.blake2b(content, digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()
