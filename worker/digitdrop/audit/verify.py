"""Reconcile the folders with the report; change nothing.

A worker and people may move, rename and correct pictures meanwhile. Findings are therefore
looked at several times, and count only if they stay.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from digitdrop.audit.account import FINDINGS, LINE, Account
from digitdrop.audit.reconcile import reconcile
from digitdrop.errors import FolderError, ReportError
from digitdrop.escape import escape, printable, unescape
from digitdrop.files import lock
from digitdrop.files.disk import is_same_file
from digitdrop.health.worker_status import read_worker_status
from digitdrop.intake.listing import Survey, survey
from digitdrop.intake.owner import OwnedClaim, claims_with_owners
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.inventory import Digests, Inventory, path_of
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import Row
from digitdrop.pipeline import utc_now
from digitdrop.retention.notes import cleared_until
from digitdrop.status.needs import deferred_needs, foreign_claims
from digitdrop.values import Status

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, *[0.5] * 8)
"""Seconds before each further look. One look in three or so misses a picture that is moved all
the time; all of them miss it less often than once in a million times."""
_STILL: Final = 0.3  # seconds without any change, after which the findings will stay
_DIGEST: Final = 64  # characters of a SHA-256 in hex


def audit_outbox(inbox: Path, outbox: Path, report: Path) -> Account:
    """Reconcile inbox, claims and outbox with the report, and add the worker's own troubles.

    Raises:
        FolderError: a folder is not there, or the inbox or the report cannot be read.
    """
    account = stable_account(inbox, outbox, report)
    try:
        holder = lock.holder(report)
    except ReportError as error:
        account.unseen["lock"] = str(error)
        return account
    if worker := read_worker_status(report.parent, holder) if holder else None:
        account.deferred += deferred_needs(worker)
        account.deferred_files = max(worker.deferred_files, len(worker.deferred))
        for item in worker.deferred:
            account.unseen.pop(f"inbox/{item.name}", None)
    return account


def stable_account(inbox: Path, outbox: Path, report: Path) -> Account:
    """Look until the findings have stayed through several looks, or are gone.

    Raises:
        FolderError: a folder is not there, or the inbox or the report cannot be read.
    """
    if not os.path.isdir(outbox):  # noqa: PTH112 - Path asks no less, and raises where it may not
        raise FolderError(f"there is no outbox {outbox}")
    digests = Digests()
    try:
        account, mark = _look(inbox, outbox, Report(report), digests)
        still_since = time.monotonic()
        for pause in _PAUSES:
            if not any(getattr(account, kind) for kind in FINDINGS):
                break
            time.sleep(pause)
            earlier, earlier_mark = account, mark
            account, mark = _look(inbox, outbox, Report(report), digests)
            _keep_common(account, earlier)
            if mark != earlier_mark:
                still_since = time.monotonic()
            elif time.monotonic() - still_since >= _STILL:
                break
    except OSError as error:
        raise FolderError(f"cannot verify {error.filename}: {error.strerror}") from error
    return account


def _keep_common(account: Account, earlier: Account) -> None:
    for kind in FINDINGS:
        before, now = getattr(earlier, kind), getattr(account, kind)
        setattr(account, kind, {key: text for key, text in now.items() if key in before})


def _look(
    inbox: Path, outbox: Path, report: Report, digests: Digests
) -> tuple[Account, tuple[object, ...]]:
    """Look once; return also a value that differs if anything else moved between two looks."""
    account = Account()
    surveyed = survey(inbox)
    claims = _claims(inbox, outbox, account)
    rows = _rows(report, account)
    inventory = Inventory(inbox, outbox, digests)
    review = _claims(outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN], outbox, account)
    account.waiting, account.in_hand = surveyed.waiting, sum(one.is_file for one in claims)
    account.left_alone, account.filed = surveyed.left_alone.total(), inventory.counts()
    ids = {one.drop.id for one in claims}
    lost = reconcile(rows, inventory, claimed=ids, cleared=cleared_until(outbox))
    paths = {name: path_of(name, inbox, outbox) for name in inventory.left()}
    _add_loose(account, paths, [*claims, *review], digests, rows)
    account.litter = inventory.litter
    account.odd = {name: f"{printable(name)}: {kind}" for name, kind in inventory.odd.items()}
    for one in claims:
        if not one.is_file:
            text = f"{printable(one.drop.name)}: a link or pipe in hand"
            account.odd[f"hand {one.drop.id}"] = text
    account.unseen |= _unseen(surveyed, inventory)
    for key in lost:
        name = escape(unescape(rows[key].file))
        if account.unseen:
            account.unsure[key] = f"{key}, {name}: its picture is not where you may look"
        else:
            account.missing[key] = f"{key}, {name}: its picture is nowhere"
    foreign = [one.since for one in claims if one.is_file and one.is_foreign]
    since = min(filter(None, foreign), default=None)
    account.deferred = foreign_claims(len(foreign), since, utc_now())
    return account, (account.rows, account.waiting, inventory.mark, frozenset(ids))


def _claims(folder: Path, outbox: Path, account: Account) -> list[OwnedClaim]:
    try:
        return list(claims_with_owners(folder, outbox))
    except PermissionError as error:
        account.unseen[f"hand {folder}"] = f"what is in hand in {folder}: {error.strerror}"
        return []


def _add_loose(
    account: Account,
    paths: dict[str, Path],
    claims: list[OwnedClaim],
    digests: Digests,
    rows: dict[str, Row],
) -> None:
    """Add the pictures that no row took: a second copy of a row's picture, or without a row."""
    contents = {row.sha256 for row in rows.values()} - {""}
    for name, path in paths.items():
        # Killed between its two names: the next start completes it.
        if any(is_same_file(path, claim.drop.path) for claim in claims):
            continue
        if digests.of(path) in contents:
            account.doubled[name] = f"{escape(name)}: lies there once more than in the report"
        else:
            account.unknown[name] = f"{escape(name)}: has no row"


def _unseen(surveyed: Survey, inventory: Inventory) -> Iterator[tuple[str, str]]:
    for name, why in surveyed.refused.items():
        yield f"inbox/{name}", f"{printable(name)} in the inbox: {why}"
    for name, why in inventory.unseen.items():
        yield name, f"{printable(name)}: {why}"


def _rows(report: Report, account: Account) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    times: Counter[str] = Counter()
    for key, row in report.every_row():
        account.rows += 1
        times[key] += 1
        if row.is_whole or len(row.sha256) == _DIGEST:
            rows[key] = row
        if not row.is_whole:
            text = f"a line that is no row, or no more, begins with {escape(key[:40])!r}"
            account.unknown[f"{LINE}{key}"] = text
    for key, count in times.items():
        if count > 1:
            account.doubled[f"row {key}"] = f"{key}: {count} rows"
    return rows
