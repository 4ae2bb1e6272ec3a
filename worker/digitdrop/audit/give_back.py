"""Move a file back into the inbox, never over another file.

A kill in the middle leaves both names, of one file or of two copies; the next move completes it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digitdrop.files.copying import copy_durably
from digitdrop.files.disk import make_folder, move, sync, sync_folders
from digitdrop.files.load import sha256_of
from digitdrop.files.tree import opened_folder
from digitdrop.outbox.archive import named_by_id
from digitdrop.values import Drop


def give_back(drop: Drop, inbox: Path) -> str:
    """Move a file to its name in the inbox; if that is taken, its id goes into the name.

    Once this returns, a power cut cannot undo it.

    Args:
        drop: its path now, the id that may go into its name, and its name as dropped.
        inbox: or `review/` for a correction.

    Returns:
        Its new name, relative to `inbox`.

    Raises:
        OSError: no name is free, or the disk refuses.
        InputError: it may not be read, so that it cannot be copied to another disk.
    """
    plain = Path(drop.name)
    named = named_by_id(plain, drop)
    refused = FileExistsError(errno.EEXIST, "no name is free", str(inbox / plain))
    for name in (plain, named, Path(named.name)):
        try:
            _give(drop, inbox, name, is_named=name != plain)
        except (FileExistsError, NotADirectoryError):
            continue
        sync_folders([drop.path.parent])
        return name.as_posix()
    raise refused


def _give(drop: Drop, inbox: Path, name: Path, *, is_named: bool) -> None:
    with _folder(inbox, name.parent) as into:
        try:
            move(drop.path, inbox / name, into=into)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            if not is_named:  # after a kill, only an id in its name shows whose copy it is
                raise FileExistsError(errno.EEXIST, "no name for a copy", name) from error
            _copy(drop, inbox / name)
        if into is not None:
            sync(into)


@contextmanager
def _folder(inbox: Path, below: Path) -> Iterator[int | None]:
    """Open a folder of the inbox, made if it is not there; refuse a link on the way.

    The descriptor leads to the folder even if somebody replaces it meanwhile.
    None on Windows, where folders are not opened.
    """
    for parent in [*list(below.parents)[-2::-1], below] if below != Path() else []:
        if (inbox / parent).is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "a link lies on the way", str(parent))
        make_folder(inbox / parent)
    if os.link not in os.supports_dir_fd:
        yield None
        return
    with opened_folder(inbox, "" if below == Path() else below.as_posix()) as descriptor:
        yield descriptor


def _copy(drop: Drop, target: Path) -> None:
    """Copy a file to another disk, compare, and only then remove the original."""
    if not os.path.lexists(target):
        copy_durably(drop.path, target, aside=target.with_name(f".{drop.id}.part"))
    if sha256_of(target) != sha256_of(drop.path):
        raise FileExistsError(errno.EEXIST, "another file has its name", str(target))
    drop.path.unlink()
