"""Move pictures so that report and outbox agree again; delete nothing.

Each act is one move that may be killed and repeated: a second name, synced, and only then
the first name goes.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.audit.account import Account
from digitdrop.audit.give_back import give_back
from digitdrop.audit.repairs import Act, Repairs
from digitdrop.audit.verify import audit_outbox, stable_account
from digitdrop.errors import FolderError, InputError
from digitdrop.escape import printable
from digitdrop.files import lock
from digitdrop.intake.claim_names import ROW_ID, row_id
from digitdrop.intake.claims import remove_empty
from digitdrop.intake.owner import OwnedClaim, claims_with_owners
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
    """Give pictures without a row back to the inbox, and archive claimed pictures with a row.

    A second copy of a picture that has its row is left: it would be read twice.

    Args:
        inbox: where pictures go back to.
        outbox: the folder with the report and its pictures.
        report: in the outbox.
        is_dry: change nothing, only list the acts.
        foreign_claims: also give back files that workers of other outboxes have claimed.

    Raises:
        FolderError: a folder is not there or cannot be read; the acts done so far stand.
        ReportError: a worker has this report.
    """
    for name, folder in (("inbox", inbox), ("outbox", outbox)):
        if not os.path.isdir(folder):  # noqa: PTH112 - Path asks no less, and may raise
            raise FolderError(f"there is no {name} {folder}: is its disk mounted?")
    repairs = Repairs(is_dry)
    with lock.lock_report(report):
        try:
            for base in (inbox, outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN]):
                claims = _ClaimRepair(base, outbox, inbox / TOO_LARGE, repairs)
                claims.run(Report(report), foreign_claims=foreign_claims)
            found = stable_account(inbox, outbox, report)
            for name in found.loose:
                _give_back_loose(name, inbox, outbox, repairs)
        except OSError as error:
            raise FolderError(f"cannot repair {error.filename}: {error.strerror}") from error
        _note_left(repairs, found if is_dry else audit_outbox(inbox, outbox, report))
    return repairs


@dataclass(frozen=True, slots=True)
class _ClaimRepair:
    """The repair of the claims in one folder."""

    base: Path
    """The inbox, or `review/` for corrections."""
    outbox: Path
    too_large: Path
    """Folder for pictures that are too large for a copy to another disk."""
    repairs: Repairs

    def run(self, report: Report, *, foreign_claims: bool) -> None:
        """Archive claimed files with a row; those without go back, or wait for their worker."""
        repairs = self.repairs
        claims = [one for one in claims_with_owners(self.base, self.outbox) if self._is_file(one)]
        rows = report.rows([one.drop.id or "" for one in claims])
        for one in claims:
            row = rows.get(one.drop.id or "")
            if row:
                self._archive(one.drop, row)
            elif one.is_foreign and foreign_claims:
                name = printable(one.drop.name)
                why = "it was in the hand of the worker of another outbox, without a row here"
                act = Act("give_back", name, name, why)
                _do(act, repairs, partial(give_back, one.drop, self.base))
            elif not one.is_foreign:
                repairs.in_hand += 1
            elif is_held_long(one.since, utc_now(), is_foreign=True):
                repairs.left.append(
                    f"{printable(one.drop.name)}: in the hand of the worker of another outbox "
                    f"since {one.since}; if that outbox is gone, --foreign-claims gives it back"
                )
        if not repairs.is_dry:
            for batch in {one.drop.path.parents[one.drop.name.count("/")] for one in claims}:
                remove_empty(batch)

    def _is_file(self, one: OwnedClaim) -> bool:
        if not one.is_file:
            name = printable(one.drop.name)
            self.repairs.left.append(f"{name}: in hand, and no picture: a link or pipe")
        return one.is_file

    def _archive(self, drop: Drop, row: Row) -> None:
        folder = archive_folder(self.outbox, row.status, row.time)
        to = folder.relative_to(self.outbox).as_posix()
        why = f"it was in hand, and has its row {drop.id}"
        act = Act("file_away", printable(drop.name), to, why)
        named = replace(drop, name=row.name or drop.name)
        far = CopyOptions(kept=self.too_large, most=Limits().bytes)
        _do(act, self.repairs, partial(_archive_one, named, folder, far))


def _archive_one(drop: Drop, folder: Path, copying: CopyOptions) -> None:
    for error in archive([(drop, folder)], copying=copying).values():
        raise error


def _give_back_loose(name: str, inbox: Path, outbox: Path, repairs: Repairs) -> None:
    dropped = _ID.sub("", name_as_dropped(name)) or PurePosixPath(name).name
    key = ROW_ID.search(PurePosixPath(name).name)
    drop = Drop(
        id=key[0] if key else row_id("repair", name),
        path=path_of(name, inbox, outbox),
        name=dropped,
    )
    act = Act("give_back", printable(name), printable(dropped), "it had no row")
    _do(act, repairs, partial(give_back, drop, inbox))


def _do(act: Act, repairs: Repairs, do: Callable[[], str | None]) -> None:
    """Do an act unless this is a dry run, and note it; an error concerns one picture only.

    Args:
        act: the act.
        repairs: where it is noted.
        do: does it; returns the new name of the picture, if it may differ from that of the act.
    """
    try:
        name = None if repairs.is_dry else do()
    except OSError as error:
        repairs.left.append(f"{act.file}: cannot be moved: {error.strerror}")
    except InputError as error:
        repairs.left.append(f"{act.file}: cannot be moved: it {error}")
    else:
        repairs.acts.append(replace(act, to=printable(name)) if name else act)


def _note_left(repairs: Repairs, account: Account) -> None:
    """Note all that only a person can put right: after the acts, or in a dry run beside them."""
    loose = {*account.loose} if repairs.is_dry else set()
    unknown = {key: line for key, line in account.unknown.items() if key not in loose}
    remedies = (
        (account.missing, "if you have a copy of it, put it there; its row stays"),
        (account.doubled, "move away the one that you do not need"),
        (unknown, "see what it is"),
        (account.unseen, "cannot be looked at by you"),
        (account.unsure, "ask as a user who may look everywhere"),
    )
    for findings, remedy in remedies:
        repairs.left += [f"{text}: {remedy}" for text in findings.values()]
