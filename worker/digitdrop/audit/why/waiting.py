"""A file that lies in the inbox: may it be read, and what would come of it?"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from digitdrop.errors import Incomplete, InputError
from digitdrop.files.load import load
from digitdrop.intake import ignore
from digitdrop.intake.ignore import IgnoreRule
from digitdrop.intake.listing import count_listed
from digitdrop.intake.twins import twin_of
from digitdrop.pipeline import prepare
from digitdrop.pool.probe import find_poison, prepare_file
from digitdrop.values import Drop, Failure, Limits

TRIAL: Final = 15.0
"""Seconds to decode it in. The worker gives it more, but nobody waits for that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What can be seen of it."""

    rule: IgnoreRule | None = None
    """Why it is left alone."""
    blamed: str = ""
    """What the rule is about: its name, or that of a folder, relative to the inbox."""
    is_mounted: bool = False
    """Whether it lies on another file system than the inbox, so that it cannot be claimed."""
    age: float
    """Seconds since it came, or last changed."""
    size: int = 0
    """Bytes."""
    twin: str = ""
    """An unfinished file beside it, relative to the inbox; empty if there is none."""
    twin_age: float = 0.0
    """Seconds since that one changed."""
    error: InputError | None = None
    """Why it cannot be decoded; None if it can, or if it was not decoded here."""
    is_deadly: bool = False
    """Whether it kills who decodes it, or takes more than `TRIAL` seconds."""
    files: int = 0
    """How many wait in the inbox, itself among them; of a folder, how many wait in that."""


def examine(inbox: Path, name: str, now: datetime) -> Waiting:
    """Look at a file of the inbox as the worker would, and change nothing.

    Args:
        inbox: the folder.
        name: relative to it; something lies there, of whatever kind. `.` is the inbox itself.
        now: aware.

    Raises:
        OSError: it is gone.
    """
    path = inbox / name
    status = path.lstat()
    age = max(0.0, now.timestamp() - status.st_ctime)
    rule, blamed = _rule(inbox, name)
    if rule:
        return Waiting(
            rule=rule,
            blamed=blamed,
            age=age,
            files=count_listed(path) if rule is IgnoreRule.FOLDER else 0,
        )
    error, is_deadly = _tried(path, name)
    twin, changed = twin_of(inbox, name) or ("", 0.0)
    return Waiting(
        size=status.st_size,
        twin=twin,
        twin_age=max(0.0, now.timestamp() - changed),
        is_mounted=status.st_dev != inbox.stat().st_dev,
        age=age,
        error=error,
        is_deadly=is_deadly,
        files=count_listed(inbox),
    )


def _tried(path: Path, name: str) -> tuple[InputError | None, bool]:
    """Decode a file; what that dies of, dies of it in another process, which is told."""
    try:
        content = load(path, most=Limits().bytes)
    except InputError as error:
        return error, False
    if find_poison(partial(prepare_file, Limits()), [path], time_limit=TRIAL):
        return None, True
    seen = prepare(Drop(id="", path=path, name=name), Limits(), content=lambda: content)
    if isinstance(seen, Failure):
        return seen.error, False
    return (Incomplete(seen.doubt) if seen.doubt else None), False


def _rule(inbox: Path, name: str) -> tuple[IgnoreRule | None, str]:
    """Give the rule that leaves it alone, and what that is about: the first on the way."""
    if name == ".":
        return IgnoreRule.FOLDER, name
    parts = name.split("/")
    for number in range(1, len(parts)):
        folder = "/".join(parts[:number])
        if ignore.is_foreign_folder(parts[number - 1]):
            return IgnoreRule.FOREIGN_FOLDER, folder
        if (inbox / folder).is_symlink():
            return IgnoreRule.LINK, folder
    kind = ignore.by_kind((inbox / name).lstat().st_mode)
    if kind is IgnoreRule.FOLDER:
        return (IgnoreRule.FOREIGN_FOLDER if ignore.is_foreign_folder(parts[-1]) else kind), name
    return ignore.by_name(parts[-1]) or kind, name
