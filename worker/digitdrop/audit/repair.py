"""Bring report and shelves together again where `audit_outbox` finds them apart; deletes nothing.

Each act is one move that may be killed and repeated: a second name, synced, and only then
the first name goes.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.audit.give_back import give_back
from digitdrop.audit.repairs import Act, Repairs
from digitdrop.audit.verify import Discrepancies, audit_outbox, lasting_discrepancies
from digitdrop.errors import FolderError, InputError
from digitdrop.escape import printable
from digitdrop.files import lock
from digitdrop.intake.claim_names import ROW_ID, row_id
from digitdrop.intake.claim_owners import OwnedClaim, claims_with_owners
from digitdrop.intake.claims import remove_empty
from digitdrop.outbox.archive import (
    ARCHIVE_FOLDERS,
    TOO_LARGE,
    CopyOptions,
    archive,
    archive_folder,
)
from digitdrop.outbox.inventory import name_as_dropped, path_of
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import Row
from digitdrop.pipeline import utc_now
from digitdrop.status.needs import is_held_long
from digitdrop.values import Drop, Limits, Status

_ID: Final = re.compile(f"~{ROW_ID.pattern}")


def run_repair(
    inbox: Path, outbox: Path, report: Path, *, is_dry: bool, foreign_claims: bool
) -> Repairs:
    """Give back to the inbox what has no row, and file away what is in hand with its row.

    A picture whose content has a row already is left, for it would be read twice.

    Args:
        inbox: where pictures go back to.
        outbox: whose report and shelves are looked at.
        report: in the outbox.
        is_dry: only say what would be done.
        foreign_claims: also give back what is in the hand of other outboxes' workers.

    Raises:
        FolderError: a folder is not there or cannot be read; what was done stands.
        ReportError: a worker has this report.
    """
    for name, folder in (("inbox", inbox), ("outbox", outbox)):
        if not os.path.isdir(folder):  # noqa: PTH112 - Path asks no less, and may raise
            raise FolderError(f"there is no {name} {folder}: is its disk mounted?")
    repairs = Repairs(is_dry)
    with lock.lock_report(report):
        try:
            far = CopyOptions(kept=inbox / TOO_LARGE, most=Limits().bytes)
            for base in (inbox, outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN]):
                away = _Away(base, outbox, far, repairs)
                _take_up(away, Report(report), foreign_claims=foreign_claims)
            found = lasting_discrepancies(inbox, outbox, report)
            for name in found.loose:
                _give_back_loose(name, inbox, outbox, repairs)
        except OSError as error:
            raise FolderError(f"cannot repair {error.filename}: {error.strerror}") from error
        _note_left(repairs, found, inbox, outbox, report)
    return repairs


@dataclass(frozen=True, slots=True)
class _Away:
    """Where what is in hand may go."""

    base: Path
    """The inbox, or `review/` for corrections."""
    outbox: Path
    far: CopyOptions
    repairs: Repairs


def _take_up(away: _Away, report: Report, *, foreign_claims: bool) -> None:
    """See to what is in hand: with a row it is filed away, without one it goes back."""
    repairs = away.repairs
    claims = [
        one for one in claims_with_owners(away.base, away.outbox) if _is_regular(one, repairs)
    ]
    rows = report.rows([one.drop.id or "" for one in claims])
    for one in claims:
        row = rows.get(one.drop.id or "")
        if row:
            _file_away(one.drop, row, away)
        elif one.is_foreign and foreign_claims:
            _give_back_claim(one.drop, away)
        elif not one.is_foreign:
            repairs.in_hand += 1
        elif is_held_long(one.since, utc_now(), is_foreign=True):
            repairs.left.append(
                f"{printable(one.drop.name)}: in the hand of the worker of another outbox since "
                f"{one.since}; if that outbox is gone, --foreign-claims gives it back"
            )
    if not repairs.is_dry:
        for batch in {_batch(one.drop) for one in claims}:
            remove_empty(batch)


def _is_regular(one: OwnedClaim, repairs: Repairs) -> bool:
    if not one.is_file:
        repairs.left.append(f"{printable(one.drop.name)}: in hand, and no picture: a link or pipe")
    return one.is_file


def _batch(drop: Drop) -> Path:
    return drop.path.parents[drop.name.count("/")]


def _file_away(drop: Drop, row: Row, away: _Away) -> None:
    target = archive_folder(away.outbox, row.status, row.time)
    act = Act(
        "file_away",
        printable(drop.name),
        target.relative_to(away.outbox).as_posix(),
        f"it was in hand, and has its row {drop.id}",
    )
    named = replace(drop, name=row.name or drop.name)
    _do(act, away.repairs, lambda: _filed_away(named, target, away.far))


def _filed_away(drop: Drop, target: Path, far: CopyOptions) -> None:
    for error in archive([(drop, target)], copying=far).values():
        raise error


def _give_back_claim(drop: Drop, away: _Away) -> None:
    act = Act(
        "give_back",
        printable(drop.name),
        printable(drop.name),
        "it was in the hand of the worker of another outbox, without a row here",
    )
    _do(act, away.repairs, lambda: give_back(drop, away.base))


def _give_back_loose(name: str, inbox: Path, outbox: Path, repairs: Repairs) -> None:
    dropped = _ID.sub("", name_as_dropped(name)) or PurePosixPath(name).name
    key = ROW_ID.search(PurePosixPath(name).name)
    drop = Drop(
        id=key[0] if key else row_id("repair", name),
        path=path_of(name, inbox, outbox),
        name=dropped,
    )
    act = Act("give_back", printable(name), printable(dropped), "it had no row")
    _do(act, repairs, lambda: give_back(drop, inbox))


def _do(act: Act, repairs: Repairs, do: Callable[[], str | None]) -> None:
    """Do it, unless nothing shall be changed; what one picture refuses is told of that one.

    Args:
        act: what is to be done.
        repairs: where it is noted.
        do: does it; gives the name that the picture got, if another than that of the act.
    """
    try:
        name = None if repairs.is_dry else do()
    except OSError as error:
        repairs.left.append(f"{act.file}: cannot be moved: {error.strerror}")
    except InputError as error:
        repairs.left.append(f"{act.file}: cannot be moved: it {error}")
    else:
        repairs.acts.append(replace(act, to=printable(name)) if name else act)


def _note_left(
    repairs: Repairs, found: Discrepancies, inbox: Path, outbox: Path, report: Path
) -> None:
    """Say what only a person can put right; after the acts, and in a dry run before them."""
    if repairs.is_dry:
        unknown = [text for key, text in found.unknown.items() if key not in found.loose]
        account = found.account
        account.missing, account.doubled = [*found.missing.values()], [*found.doubled.values()]
        account.unknown, account.unseen = unknown, [*found.unseen.values()]
        account.unsure = [*found.unsure.values()]
    else:
        account = audit_outbox(inbox, outbox, report)
    remedies = (
        (account.missing, "if you have a copy of it, put it there; its row stays"),
        (account.doubled, "move away the one that you do not need"),
        (account.unknown, "see what it is"),
        (account.unseen, "cannot be looked at by you"),
        (account.unsure, "ask as a user who may look everywhere"),
    )
    for findings, remedy in remedies:
        repairs.left += [f"{text}: {remedy}" for text in findings]
