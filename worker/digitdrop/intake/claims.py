"""Claim files of the inbox, and put them back.

`inbox/.claimed/BATCH/NAME` is claimed: where a file lies is its state. A claim is one rename on
one file system, so two workers never claim the same file. BATCH begins with the id of the outbox
that the rows go to: after a crash only the worker of that outbox can see from its report which
claimed files have their row already.
"""

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.files.disk import is_same_file, make_folders, move, sync, sync_folders
from digitdrop.files.tree import folders, made_folder, opened_folder
from digitdrop.intake.claim_names import all_in, batch_name, batches, claim_time, place_for, row_id
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.owner import Owner, owner_of
from digitdrop.values import Drop

OnUnclaimable: TypeAlias = Callable[[str, OSError], None]
"""Called with the name of a file that cannot be claimed for now, and the reason."""

_VANISHED: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_BY_DESCRIPTOR: Final = os.rename in os.supports_dir_fd  # not on Windows


class Claims:
    """The claimed files of one worker, between its inbox and its outbox."""

    def __init__(self, inbox: Path, outbox: Path) -> None:
        """Set the folders; `prepare` makes the claim folder.

        Args:
            inbox: the folder that files are taken from and put back to.
            outbox: the folder whose worker owns the claims.
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
            OSError: files cannot be taken out of this inbox, or the owner id of the outbox
                cannot be read.
        """
        if self._claimed.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "is a link", os.fspath(self._claimed))
        self._claimed.mkdir(exist_ok=True)
        _ = self._owner
        probe = self._claimed / f"probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()

    def acquire(
        self, names: Iterable[str], *, refused: OnUnclaimable = lambda _, __: None
    ) -> list[Drop]:
        """Claim files; once this returns, a power cut cannot undo a claim.

        A file that is gone, or that another worker claimed first, is left out in silence.

        Args:
            names: paths relative to the inbox, none twice.
            refused: called for each file that cannot be claimed: a foreign file in a sticky or
                read-only folder, a mount, too long a path within the claim folder.

        Raises:
            OSError: the disk is full or failing. Files claimed so far stay claimed, and
                `left_behind` finds them.
        """
        batch = self._claimed / batch_name(self._owner.id, time.time())
        batch.mkdir()
        drops: list[Drop] = []
        for folder, group in groupby(names, key=_folder):
            drops += self._claim_in(folder, list(group), batch, refused)
        if drops:
            self._sync(drops, batch)
        else:
            remove_empty(batch)
        return drops

    def _claim_in(
        self, folder: str, names: list[str], batch: Path, refused: OnUnclaimable
    ) -> Iterator[Drop]:
        """Claim files of one folder, even if a link takes the folder's place meanwhile."""
        if not folder or not _BY_DESCRIPTOR:
            for name in names:
                if self._is_inside(name) and (drop := self._claim(name, batch, None, refused)):
                    yield drop
            return
        place = _folder(place_for(names[0]))
        try:
            with opened_folder(self._inbox, folder) as source, made_folder(batch, place):
                for name in names:
                    if drop := self._claim(name, batch, source, refused):
                        yield drop
        except OSError as error:
            if error.errno not in _VANISHED:
                for name in names:
                    refused(name, error)

    def _claim(
        self, name: str, batch: Path, source: int | None, refused: OnUnclaimable
    ) -> Drop | None:
        target = Path(f"{batch}/{place_for(name)}")
        try:
            if source is None and target.parent != batch:
                list(make_folders(target.parent))
            here = f"{self._inbox}/{name}" if source is None else name.rpartition("/")[2]
            os.rename(here, target, src_dir_fd=source)
        except OSError as error:
            # A network share may report an error although it has renamed the file.
            if not os.path.lexists(target):
                if error.errno not in _VANISHED:
                    refused(name, error)
                return None
        return Drop(id=row_id(batch.name, name), path=target, name=name)

    def _is_inside(self, name: str) -> bool:
        """Return True if no folder on the path has become a link since it was listed."""
        parents = Path(name).parents[:-1]  # the last is the inbox, which may be a link
        return not any((self._inbox / folder).is_symlink() for folder in parents)

    def _sync(self, drops: list[Drop], batch: Path) -> None:
        for folder in {_folder(drop.name) for drop in drops}:
            try:
                with opened_folder(self._inbox, folder) as source:
                    sync(source)
            except OSError as error:
                if error.errno not in _VANISHED:  # its entries are gone with it
                    raise
        sync_folders({drop.path.parent for drop in drops} | {batch, self._claimed})

    def requeue(self, drop: Drop) -> bool:
        """Put a file back under its name; return False if another file has the name by now.

        In that case the file stays claimed. A claimed file that has been removed counts as back.

        Raises:
            OSError: it cannot be put back for now, and stays claimed.
        """
        if not os.path.lexists(drop.path):
            return True
        folder, target = _folder(drop.name), self._inbox / drop.name
        try:
            if folder and _BY_DESCRIPTOR:
                with made_folder(self._inbox, folder) as opened:
                    move(drop.path, target, into=opened)
            else:
                list(make_folders(target.parent))
                move(drop.path, target)
        except (FileExistsError, NotADirectoryError):
            return False
        return True

    def release(self, drops: Iterable[Drop]) -> None:
        """Remove the folders of finished batches; a batch that still has files stays."""
        for batch in {self._batch(drop) for drop in drops}:
            _try_to_remove(self._claimed / batch)

    def left_behind(self) -> Iterator[Drop]:
        """Yield the files that an earlier run of this worker claimed, under their old ids.

        A requeue that was cut off halfway is completed, and its file is not listed.
        """
        for folder in self._batches():
            for drop, is_file in all_in(folder):
                if is_same_file(drop.path, self._inbox / drop.name):
                    drop.path.unlink()
                elif is_file:
                    yield drop
            _try_to_remove(folder)

    def irregular(self) -> list[Drop]:
        """List the claims of this worker that are no regular files; they are never opened.

        Somebody put such an entry in the place of a file just before the claim, or into the
        claim folder.
        """
        return [
            drop for folder in self._batches() for drop, is_file in all_in(folder) if not is_file
        ]

    def count_foreign(self) -> int:
        """Return the number of files that are claimed for other outboxes."""
        foreign = (each for each in batches(self._claimed) if not self._owner.owns(each.name))
        return sum(is_file for folder in foreign for _, is_file in all_in(folder))

    def since(self, drops: Iterable[Drop]) -> datetime | None:
        """Return the time of the first claim, in UTC; None if a batch's name has no time."""
        times = [claim_time(batch) for batch in {self._batch(drop) for drop in drops}]
        known = [each for each in times if each]
        return min(known, default=None) if len(known) == len(times) else None

    def _batches(self) -> list[Path]:
        return [each for each in batches(self._claimed) if self._owner.owns(each.name)]

    def _batch(self, drop: Drop) -> str:
        below = os.fspath(drop.path)[len(os.fspath(self._claimed)) + 1 :]
        return below.partition(os.sep)[0]


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _try_to_remove(batch: Path) -> None:
    with suppress(OSError):  # an empty folder does no harm, and the next start removes it
        remove_empty(batch)


def remove_empty(folder: Path) -> None:
    """Remove a folder and its sub-folders, but no file; do nothing where files are left."""
    below = [f"{folder}/{name}" for name in reversed(folders(folder))]
    for path in [*below, os.fspath(folder)]:
        try:
            os.rmdir(path)  # noqa: PTH106 - `Path` is slow with a thousand parts
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
                raise
