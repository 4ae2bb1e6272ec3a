"""Where a file is: in the inbox, in hand, on a shelf; by its path, or by its name as dropped."""

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from digitdrop.corrections.folders import is_label, is_odd
from digitdrop.intake.claim_owners import held
from digitdrop.intake.listing import CLAIMED
from digitdrop.outbox.archive import SHELVES
from digitdrop.values import Status


class Place(StrEnum):
    """Where a picture is."""

    INBOX = "inbox"
    HAND = "hand"
    OUTBOX = "outbox"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place, and what it tells."""

    place: Place
    path: Path | None
    """None if it is nowhere to be found."""
    name: str
    """As it was dropped, relative to the inbox; else as it was asked for."""
    since: datetime | None = None
    """When it was taken into hand; None if it is not there, or its batch does not tell."""
    label: str = ""
    """The folder of `review/` that a person moved it into, which says what it shows."""
    odd: str = ""
    """The folder of `review/` that a person moved it into, which says nothing."""
    is_foreign: bool = False
    """Whether it is in the hand of the worker of another outbox."""
    unread: str = ""
    """Why its content is not known, where that would tell whose row it is."""


def locate(asked: Path, inbox: Path, outbox: Path) -> Spot:
    """Find where it lies: as named, else under the name that it was dropped by."""
    if (below := _below(asked, outbox)) is not None and os.path.lexists(asked):
        return _in_outbox(asked, below)
    if os.path.realpath(asked) == os.path.realpath(inbox):
        return Spot(Place.INBOX, inbox, ".")
    name = _below(asked, inbox)
    if name is None:
        name = asked.name if asked.is_absolute() else asked.as_posix()
    # A file may go into hand, or back, at any moment: what is looked at once more is not missed.
    for _ in range(2):
        if spot := _in_inbox(name, inbox) or _in_hand(name, inbox, outbox):
            return spot
    if os.path.lexists(asked):
        return Spot(Place.ELSEWHERE, asked, name)
    return Spot(Place.NOWHERE, None, name, unread=_closed(name, inbox))


def _in_outbox(path: Path, below: str) -> Spot:
    """Tell the name as dropped: a shelf puts a day before it, a person may put a label."""
    shelf, _, rest = below.partition("/")
    day, _, name = rest.partition("/")
    if shelf not in SHELVES.values() or not name:
        return Spot(Place.ELSEWHERE, path, below)
    by_person = day if shelf == SHELVES[Status.UNCERTAIN] else ""
    label = by_person if is_label(by_person) else ""
    odd = by_person if by_person and is_odd(by_person) else ""
    return Spot(Place.OUTBOX, path, name, label=label, odd=odd)


def _in_hand(name: str, inbox: Path, outbox: Path) -> Spot | None:
    """Find it in anybody's hand, by its name or by its path there."""
    for one in held(inbox, outbox):
        drop = one.drop
        if name in {drop.name, _below(drop.path, inbox)}:
            return Spot(
                Place.HAND, drop.path, drop.name, since=one.since, is_foreign=one.is_foreign
            )
    return None


def _in_inbox(name: str, inbox: Path) -> Spot | None:
    parts = PurePosixPath(name).parts
    is_below = bool(parts) and parts[0] not in {"/", CLAIMED} and ".." not in parts
    if is_below and os.path.lexists(inbox / name):
        return Spot(Place.INBOX, inbox / name, name)
    return None


def _closed(name: str, inbox: Path) -> str:
    """Say of a folder on the way that it may not be looked into; empty if all may be."""
    for parent in list(PurePosixPath(name).parents)[-2::-1]:
        folder = inbox / parent
        if os.path.lexists(folder) and not os.access(folder, os.R_OK | os.X_OK):
            return f"its folder {parent} may not be looked into by you"
    return ""


def _below(path: Path, folder: Path) -> str | None:
    """Give a path relative to a folder, with `/`; None if it does not lead below it.

    As it is written comes first, since links in the inbox are not followed.
    """
    as_written = tuple(Path(os.path.normpath(one.absolute())) for one in (path, folder))
    followed = Path(os.path.realpath(path.parent), path.name), Path(os.path.realpath(folder))
    for one, other in (as_written, followed):
        if one.is_relative_to(other) and one != other:
            return one.relative_to(other).as_posix()
    return None
