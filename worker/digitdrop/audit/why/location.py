"""Find where a file lies, by its path or by its name as dropped."""

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from digitdrop.corrections.folders import is_label, is_odd
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.owner import claims_with_owners
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.inventory import name_as_dropped
from digitdrop.values import Status


class Place(StrEnum):
    """The places of a picture; the key `place` of `why --json`."""

    INBOX = "inbox"
    CLAIMED = "hand"
    OUTBOX = "outbox"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Location:
    """The place of one file."""

    place: Place
    path: Path | None
    """None if the file was not found."""
    name: str
    """As it was dropped, relative to the inbox; else as it was asked for."""
    since: datetime | None = None
    """Time of the claim; None if it is not claimed, or the name of its batch has no time."""
    label: str = ""
    """The folder of `review/` that a person moved it into: a number, or `none`."""
    odd: str = ""
    """The folder of `review/` that a person moved it into, if its name is no label."""
    is_foreign: bool = False
    """True if the worker of another outbox claimed it."""
    unread: str = ""
    """The reason why its content is unknown, so that no row can be found by it."""


def locate(asked: Path, inbox: Path, outbox: Path) -> Location:
    """Find a file by its path; else find it in the inbox or among the claims by its name.

    Raises:
        OSError: the claim folder cannot be listed.
    """
    if (below := _below(asked, outbox)) is not None and os.path.lexists(asked):
        return _in_outbox(asked, below)
    if os.path.realpath(asked) == os.path.realpath(inbox):
        return Location(Place.INBOX, inbox, ".")
    name = _below(asked, inbox)
    if name is None:
        name = asked.name if asked.is_absolute() else asked.as_posix()
    for _ in range(2):  # the worker may claim it, or put it back, between the two looks
        if location := _in_inbox(name, inbox) or _among_claims(name, inbox, outbox):
            return location
    if os.path.lexists(asked):
        return Location(Place.ELSEWHERE, asked, name)
    return Location(Place.NOWHERE, None, name, unread=_closed(name, inbox))


def _in_outbox(path: Path, below: str) -> Location:
    folder, *inner = below.split("/")
    if folder not in ARCHIVE_FOLDERS.values() or len(inner) < 2:
        return Location(Place.ELSEWHERE, path, below)
    by_person = inner[0] if folder == ARCHIVE_FOLDERS[Status.UNCERTAIN] else ""
    label = by_person if is_label(by_person) else ""
    odd = by_person if by_person and is_odd(by_person) else ""
    name = name_as_dropped(below) or below
    return Location(Place.OUTBOX, path, name, label=label, odd=odd)


def _among_claims(name: str, inbox: Path, outbox: Path) -> Location | None:
    for one in claims_with_owners(inbox, outbox):
        path = one.drop.path
        if name in {one.drop.name, _below(path, inbox)}:
            return Location(
                Place.CLAIMED, path, one.drop.name, one.since, is_foreign=one.is_foreign
            )
    return None


def _in_inbox(name: str, inbox: Path) -> Location | None:
    parts = PurePosixPath(name).parts
    is_below = bool(parts) and parts[0] not in {"/", CLAIMED} and ".." not in parts
    if is_below and os.path.lexists(inbox / name):
        return Location(Place.INBOX, inbox / name, name)
    return None


def _closed(name: str, inbox: Path) -> str:
    """Name a folder on the way that the user may not look into; empty if there is none."""
    for parent in list(PurePosixPath(name).parents)[-2::-1]:
        folder = inbox / parent
        if os.path.lexists(folder) and not os.access(folder, os.R_OK | os.X_OK):
            return f"its folder {parent} may not be looked into by you"
    return ""


def _below(path: Path, folder: Path) -> str | None:
    """Return a path relative to a folder, with `/`; None if it does not lead below the folder.

    The path as written comes first, since links in the inbox are not followed.
    """
    as_written = tuple(Path(os.path.normpath(one.absolute())) for one in (path, folder))
    followed = Path(os.path.realpath(path.parent), path.name), Path(os.path.realpath(folder))
    for one, other in (as_written, followed):
        if one.is_relative_to(other) and one != other:
            return one.relative_to(other).as_posix()
    return None
