"""Take files into hand, and give them back. Where a file lies is its state.

`inbox/.claimed/BATCH/NAME` is in hand. A claim is one rename on one file
system, so two workers can never take the same file. BATCH begins with the
outbox that its rows go to, because only the worker of that outbox can tell
from its report whether a file that a crash left in hand has its row already.
"""

import errno
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from worker.disk import is_same_file, move, sync_folders
from worker.held import batch_name, batches, claim_time, digest, drops_in, row_id
from worker.inbox import CLAIMED
from worker.log.about import about
from worker.table.escape import escape
from worker.tree import folders
from worker.values import Drop

logger = logging.getLogger(__name__)

# One file cannot be taken, others can: somebody else's in a sticky or read-only folder, a mount
# of its own, too long a path within the claim folder.
_STUCK = {errno.EXDEV, errno.ENAMETOOLONG, errno.EBUSY, errno.EACCES, errno.EPERM}
_VANISHED = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_MOST_TOLD = 10_000


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
        self._owner = digest(os.fsencode(outbox.resolve()))[:8]
        self._told: set[str] = set()

    def prepare(self) -> None:
        """Make the claim folder, but never the inbox: its disk may only be away for now.

        Raises:
            OSError: files cannot be taken out of this inbox.
        """
        self._claimed.mkdir(exist_ok=True)
        probe = self._claimed / f"probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()

    def take(self, names: Iterable[str]) -> list[Drop]:
        """Claim files; once this returns, a power cut cannot undo a claim.

        A file that somebody else took or removed first is left out in silence.

        Args:
            names: relative to the inbox; none twice.

        Raises:
            OSError: the disk is full or failing; what was claimed so far lies in
                hand and is found by `left_behind`.
        """
        batch = self._claimed / batch_name(self._owner, time.time())
        batch.mkdir()
        drops = [drop for name in names if (drop := self._take(name, batch.name))]
        if drops:
            below = {drop.name.rpartition("/")[0] for drop in drops}
            sources = {self._inbox / folder for folder in below}
            kept = {batch / folder for folder in below} | {batch, self._claimed}
            sync_folders(folder for folder in sources | kept if folder.exists())
        else:
            remove_empty(batch)
        return drops

    def give_back(self, drop: Drop) -> bool:
        """Put a file back under its name; False if another file has the name by now.

        Then it stays in hand. One that somebody took out of hand meanwhile counts as back.
        """
        if not drop.path.exists():
            return True
        target = self._inbox / drop.name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not self._is_inside(drop.name):
                return False
            move(drop.path, target)
        except (FileExistsError, NotADirectoryError):
            return False
        return True

    def _is_inside(self, name: str) -> bool:
        """Say whether no folder on the way is a link, put there since it was listed."""
        if "/" not in name:
            return True
        parents = Path(name).parents[:-1]  # the last is the inbox, which may be one
        return not any((self._inbox / folder).is_symlink() for folder in parents)

    def let_go(self, drops: Iterable[Drop]) -> None:
        """Remove the folders of batches that are finished; one with files in it stays."""
        for batch in {self._batch(drop) for drop in drops}:
            remove_empty(self._claimed / batch)

    def left_behind(self) -> Iterator[Drop]:
        """List what an earlier run of this worker left in hand, under its old ids.

        What it was just putting back when it ended is put back.
        """
        for folder in batches(self._claimed):
            if folder.name.startswith(f"{self._owner}-"):
                for drop in drops_in(folder):
                    if is_same_file(drop.path, self._inbox / drop.name):
                        drop.path.unlink()
                    else:
                        yield drop
                remove_empty(folder)

    def since(self, drops: Iterable[Drop]) -> datetime | None:
        """Tell when the first of these was claimed; None if the name of its batch tells none."""
        times = [claim_time(batch) for batch in {self._batch(drop) for drop in drops}]
        known = [one for one in times if one]
        return min(known, default=None) if len(known) == len(times) else None

    def strangers(self) -> int:
        """Count the files that are in hand for other outboxes."""
        return sum(
            1
            for folder in batches(self._claimed)
            if not folder.name.startswith(f"{self._owner}-")
            for _ in drops_in(folder)
        )

    def _batch(self, drop: Drop) -> str:
        below = os.fspath(drop.path)[len(os.fspath(self._claimed)) + 1 :]
        return below.partition(os.sep)[0]

    def _take(self, name: str, batch: str) -> Drop | None:
        target = Path(f"{self._claimed}/{batch}/{name}")
        try:
            if not self._is_inside(name):
                return None
            if "/" in name:
                target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(f"{self._inbox}/{name}", target)  # noqa: PTH104 - a path more costs as much
        except OSError as error:
            if error.errno in _STUCK:
                self._tell(name, error)
            elif error.errno not in _VANISHED:
                raise
            return None
        return Drop(id=row_id(batch, name), path=target, name=name)

    def _tell(self, name: str, error: OSError) -> None:
        """Say once that a file cannot be taken, however often it is tried."""
        if name not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(name)
            logger.warning(
                "cannot take %r out of %s: %s",
                name,
                self._inbox,
                error.strerror,
                extra=about(file=escape(name)),
            )


def remove_empty(folder: Path) -> None:
    """Remove a folder and the folders in it, but no file; silent if files are left."""
    for name in reversed(folders(folder)):
        _rmdir(folder / name)
    _rmdir(folder)


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
            raise
