"""Take files into hand, and give them back. Where a file lies is its state.

`inbox/.claimed/BATCH/NAME` is in hand. A claim is one rename on one file
system, so two workers can never take the same file. BATCH begins with the id of the
outbox that its rows go to, because only the worker of that outbox can tell
from its report whether a file that a crash left in hand has its row already.
"""

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.files.disk import is_same_file, make_folders, move, sync, sync_folders
from digitdrop.files.tree import folders, made_folder, opened_folder
from digitdrop.intake.claim_names import (
    all_in,
    batch_name,
    batches,
    claim_time,
    drops_in,
    place_for,
    row_id,
)
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.owner import Owner, owner_of
from digitdrop.values import Drop

OnUnclaimable: TypeAlias = Callable[[str, OSError], None]
"""Told the name of a file that cannot be handled for now, and why; all others are."""

_VANISHED: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_BY_DESCRIPTOR: Final = os.rename in os.supports_dir_fd  # not on Windows


def _nobody(name: str, error: OSError) -> None:
    """Tell nobody."""


class Claims:
    """The hand of one worker: between its inbox and its outbox."""

    def __init__(self, inbox: Path, outbox: Path) -> None:
        """Name the folders; `prepare` makes the claim folder.

        Args:
            inbox: where files are taken from and given back to.
            outbox: whose worker this is.
        """
        self._inbox = inbox
        self._outbox = outbox
        self._claimed = inbox / CLAIMED

    @cached_property
    def _owner(self) -> Owner:
        return owner_of(self._outbox)

    def prepare(self) -> None:
        """Make the claim folder, but never the inbox: its disk may only be away for now.

        Raises:
            OSError: files cannot be taken out of this inbox, or the outbox cannot say whose
                hand this is.
        """
        if self._claimed.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "is a link", os.fspath(self._claimed))
        self._claimed.mkdir(exist_ok=True)
        _ = self._owner
        probe = self._claimed / f"probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()

    def acquire(self, names: Iterable[str], *, refused: OnUnclaimable = _nobody) -> list[Drop]:
        """Claim files; once this returns, a power cut cannot undo a claim.

        A file that somebody else took or removed first is left out in silence.

        Args:
            names: relative to the inbox; none twice.
            refused: told of each file that cannot be taken: somebody else's in a sticky or
                read-only folder, a mount of its own, too long a path within the claim folder.

        Raises:
            OSError: the disk is full or failing; what was claimed so far lies in
                hand and is found by `left_behind`.
        """
        batch = self._claimed / batch_name(self._owner.id, time.time())
        batch.mkdir()
        drops: list[Drop] = []
        for below, some in groupby(names, key=_folder):
            drops += self._take_from(below, list(some), batch, refused)
        if drops:
            self._sync(drops, batch)
        else:
            remove_empty(batch)
        return drops

    def _take_from(
        self, below: str, names: list[str], batch: Path, refused: OnUnclaimable
    ) -> list[Drop]:
        """Claim files of one folder, whatever takes its name meanwhile."""
        if not below or not _BY_DESCRIPTOR:
            taken = [name for name in names if self._is_inside(name)]
            return [one for name in taken if (one := self._take(name, batch, None, refused))]
        place = _folder(place_for(names[0]))
        try:
            with opened_folder(self._inbox, below) as source, made_folder(batch, place):
                return [one for name in names if (one := self._take(name, batch, source, refused))]
        except OSError as error:
            if error.errno not in _VANISHED:
                for name in names:
                    refused(name, error)
            return []

    def _take(
        self, name: str, batch: Path, source: int | None, refused: OnUnclaimable
    ) -> Drop | None:
        target = Path(f"{batch}/{place_for(name)}")
        try:
            if source is None and target.parent != batch:
                list(make_folders(target.parent))
            here = f"{self._inbox}/{name}" if source is None else name.rpartition("/")[2]
            os.rename(here, target, src_dir_fd=source)
        except OSError as error:
            if not os.path.lexists(target):  # a share may have done it, and say that it failed
                if error.errno not in _VANISHED:
                    refused(name, error)
                return None
        return Drop(id=row_id(batch.name, name), path=target, name=name)

    def _sync(self, drops: Sequence[Drop], batch: Path) -> None:
        for folder in {_folder(drop.name) for drop in drops}:
            try:
                with opened_folder(self._inbox, folder) as source:
                    sync(source)
            except OSError as error:
                if error.errno not in _VANISHED:  # its entries are gone with it
                    raise
        sync_folders({drop.path.parent for drop in drops} | {batch, self._claimed})

    def requeue(self, drop: Drop) -> bool:
        """Put a file back under its name; False if another file has the name by now.

        Then it stays in hand. One that somebody took out of hand meanwhile counts as back.

        Raises:
            OSError: it cannot be put back for now, and stays in hand.
        """
        if not os.path.lexists(drop.path):
            return True
        below = _folder(drop.name)
        try:
            if below and _BY_DESCRIPTOR:
                with made_folder(self._inbox, below) as folder:
                    move(drop.path, self._inbox / drop.name, into=folder)
            else:
                list(make_folders((self._inbox / drop.name).parent))
                move(drop.path, self._inbox / drop.name)
        except (FileExistsError, NotADirectoryError):
            return False
        return True

    def _is_inside(self, name: str) -> bool:
        """Say whether no folder on the way is a link, put there since it was listed."""
        if "/" not in name:
            return True
        parents = Path(name).parents[:-1]  # the last is the inbox, which may be one
        return not any((self._inbox / folder).is_symlink() for folder in parents)

    def release(self, drops: Iterable[Drop]) -> None:
        """Remove the folders of batches that are finished; one with files in it stays."""
        for batch in {self._batch(drop) for drop in drops}:
            self._remove(self._claimed / batch)

    def _remove(self, batch: Path) -> None:
        with suppress(OSError):  # an empty folder harms nobody, and the next start removes it
            remove_empty(batch)

    def left_behind(self) -> Iterator[Drop]:
        """List what an earlier run of this worker left in hand, under its old ids.

        What it was just putting back when it ended is put back.
        """
        for folder in self._batches():
            for drop, is_file in all_in(folder):
                if is_same_file(drop.path, self._inbox / drop.name):
                    drop.path.unlink()
                elif is_file:
                    yield drop
            self._remove(folder)

    def irregular(self) -> list[Drop]:
        """List what lies in this hand and is no regular file: it is never opened.

        Somebody swapped it in just before a claim, or put it there.
        """
        return [
            drop for folder in self._batches() for drop, is_file in all_in(folder) if not is_file
        ]

    def _batches(self) -> list[Path]:
        return [one for one in batches(self._claimed) if self._owner.owns(one.name)]

    def since(self, drops: Iterable[Drop]) -> datetime | None:
        """Tell when the first of these was claimed; None if the name of its batch tells none."""
        times = [claim_time(batch) for batch in {self._batch(drop) for drop in drops}]
        known = [one for one in times if one]
        return min(known, default=None) if len(known) == len(times) else None

    def count_foreign(self) -> int:
        """Count the files that are in hand for other outboxes."""
        return sum(
            1
            for folder in batches(self._claimed)
            if not self._owner.owns(folder.name)
            for _ in drops_in(folder)
        )

    def _batch(self, drop: Drop) -> str:
        below = os.fspath(drop.path)[len(os.fspath(self._claimed)) + 1 :]
        return below.partition(os.sep)[0]


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def remove_empty(folder: Path) -> None:
    """Remove a folder and the folders in it, but no file; silent if files are left."""
    for name in reversed(folders(folder)):
        _rmdir(f"{folder}/{name}")
    _rmdir(os.fspath(folder))


def _rmdir(folder: str) -> None:
    try:
        os.rmdir(folder)  # noqa: PTH106 - of a path with a thousand parts, `Path` makes much
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
            raise
