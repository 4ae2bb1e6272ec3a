"""Is every picture accounted for? Reconciles the folders with the report; changes nothing.

A worker and people may move, rename and correct pictures meanwhile. What does not agree
is therefore looked at again several times, and told only if it stays.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from digitdrop.audit.account import Account
from digitdrop.audit.reconcile import reconcile
from digitdrop.errors import FolderError, ReportError
from digitdrop.escape import escape, printable, unescape
from digitdrop.files import lock
from digitdrop.files.disk import is_same_file
from digitdrop.health import worker_status
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake.claim_owners import OwnedClaim, claims_with_owners
from digitdrop.intake.listing import Survey, survey
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.inventory import Digests, Inventory, path_of
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import Row
from digitdrop.pipeline import utc_now
from digitdrop.retention.notes import cleared_until
from digitdrop.status.needs import deferred_needs, foreign_claims
from digitdrop.values import Status

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, *[0.5] * 8)
"""Seconds before each further look. A picture that somebody keeps moving is missed by a
look in three or so: by all of these less often than once in a million times."""
_STILL: Final = 0.3  # seconds in which nothing moved at all, so that what is found will stay
_DIGEST: Final = 64  # letters of a SHA-256
_FINDINGS: Final = ("missing", "doubled", "unknown", "unsure", "unseen", "odd")


@dataclass(slots=True)
class Discrepancies:
    """What was found at one moment: each finding by the item that it is about."""

    account: Account
    missing: dict[str, str] = field(default_factory=dict)
    """By the row's id."""
    doubled: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    loose: dict[str, str] = field(default_factory=dict)
    """Pictures on the shelves that have no row, relative to the outbox: their SHA-256, empty
    for what is too long to be read."""
    foreign: tuple[int, datetime | None] = (0, None)
    """Files in other outboxes' hands, and since when."""
    mark: tuple[object, ...] = ()
    """Changes when anything else does."""

    def is_clean(self) -> bool:
        """Say whether there is nothing that another look could take back."""
        return not any(getattr(self, kind) for kind in _FINDINGS)

    def keep_what(self, earlier: "Discrepancies") -> None:
        """Keep of what was found only what an earlier look found as well."""
        for kind in (*_FINDINGS, "loose"):
            before = getattr(earlier, kind)
            now = getattr(self, kind)
            setattr(self, kind, {key: text for key, text in now.items() if key in before})


def audit_outbox(inbox: Path, outbox: Path, report: Path) -> Account:
    """Reconcile inbox, claimed files and shelves with the report.

    Raises:
        FolderError: a folder is not there, or the inbox or the report cannot be read.
    """
    found = lasting_discrepancies(inbox, outbox, report)
    account = found.account
    for kind in _FINDINGS:
        setattr(account, kind, [*getattr(account, kind), *getattr(found, kind).values()])
    account.deferred = foreign_claims(*found.foreign, utc_now())
    if worker := _told(report, account):
        account.deferred += deferred_needs(worker)
        account.deferred_files = max(worker.deferred_files, len(worker.deferred))
        names = {one.name for one in worker.deferred}
        account.unseen = [one for one in account.unseen if _named(one) not in names]
    return account


def lasting_discrepancies(inbox: Path, outbox: Path, report: Path) -> Discrepancies:
    """Look until what does not agree has stayed through several looks, or is gone.

    Raises:
        FolderError: a folder is not there, or the inbox or the report cannot be read.
    """
    if not os.path.isdir(outbox):  # noqa: PTH112 - Path asks no less, and raises where it may not
        raise FolderError(f"there is no outbox {outbox}")
    digests = Digests()
    try:
        found = _look(inbox, outbox, Report(report), digests)
        still_since = time.monotonic()
        for pause in _PAUSES:
            if found.is_clean():
                break
            time.sleep(pause)
            earlier, found = found, _look(inbox, outbox, Report(report), digests)
            found.keep_what(earlier)
            if found.mark != earlier.mark:
                still_since = time.monotonic()
            elif time.monotonic() - still_since >= _STILL:
                break
    except OSError as error:
        raise FolderError(f"cannot verify {error.filename}: {error.strerror}") from error
    return found


def _look(inbox: Path, outbox: Path, report: Report, digests: Digests) -> Discrepancies:
    account = Account()
    found = Discrepancies(account)
    surveyed = survey(inbox)
    claims = _claims(inbox, outbox, found)
    rows = _rows(report, found)
    stock = Inventory(inbox, outbox, digests)
    review = _claims(outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN], outbox, found)
    account.waiting, account.in_hand = surveyed.waiting, sum(one.is_file for one in claims)
    account.left_alone, account.filed = surveyed.left_alone.total(), stock.counts()
    ids = {one.drop.id for one in claims}
    lost = reconcile(rows, stock, in_hand=ids, cleared=cleared_until(outbox))
    paths = {name: path_of(name, inbox, outbox) for name in stock.left()}
    _note_loose(found, paths, [*claims, *review], digests, rows)
    account.litter = stock.litter
    found.odd = {name: f"{printable(name)}: {kind}" for name, kind in stock.odd.items()}
    for one in claims:
        if not one.is_file:
            found.odd[f"hand {one.drop.id}"] = (
                f"{printable(one.drop.name)}: a link or pipe in hand"
            )
    found.unseen |= _unseen(surveyed, stock)
    for key in lost:
        name = escape(unescape(rows[key].file))
        if found.unseen:
            found.unsure[key] = f"{key}, {name}: its picture is not where you may look"
        else:
            found.missing[key] = f"{key}, {name}: its picture is nowhere"
    foreign = [one.since for one in claims if one.is_file and one.is_foreign]
    found.foreign = len(foreign), min(filter(None, foreign), default=None)
    found.mark = (account.rows, account.waiting, stock.mark, frozenset(ids))
    return found


def _claims(folder: Path, outbox: Path, found: Discrepancies) -> list[OwnedClaim]:
    try:
        return list(claims_with_owners(folder, outbox))
    except PermissionError as error:
        found.unseen[f"hand {folder}"] = f"what is in hand in {folder}: {error.strerror}"
        return []


def _note_loose(
    found: Discrepancies,
    paths: dict[str, Path],
    claims: list[OwnedClaim],
    digests: Digests,
    rows: dict[str, Row],
) -> None:
    """Note the pictures that no row ticked off: another one of some row, or of none."""
    contents = {row.sha256 for row in rows.values()} - {""}
    for name, path in paths.items():
        # Killed between its two names: the next start completes it.
        if any(is_same_file(path, claim.drop.path) for claim in claims):
            continue
        digest = digests.of(path)
        if digest in contents:
            found.doubled[name] = f"{escape(name)}: lies there once more than in the report"
        else:
            found.unknown[name] = f"{escape(name)}: has no row"
            found.loose[name] = digest


def _unseen(surveyed: Survey, stock: Inventory) -> Iterator[tuple[str, str]]:
    """Say what may not be looked at, in the inbox and on the shelves."""
    for name, why in surveyed.refused.items():
        yield f"inbox/{name}", f"{printable(name)} in the inbox: {why}"
    for name, why in stock.unseen.items():
        yield name, f"{printable(name)}: {why}"


def _named(line: str) -> str:
    return line.partition(" in the inbox: ")[0]


def _rows(report: Report, found: Discrepancies) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    times: Counter[str] = Counter()
    for key, row in report.every_row():
        found.account.rows += 1
        times[key] += 1
        if row.is_whole or len(row.sha256) == _DIGEST:
            rows[key] = row
        if not row.is_whole:
            text = f"a line that is no row, or no more, begins with {escape(key[:40])!r}"
            found.unknown[f"line {key}"] = text
    for key, count in times.items():
        if count > 1:
            found.doubled[f"row {key}"] = f"{key}: {count} rows"
    return rows


def _told(report: Path, account: Account) -> WorkerStatus | None:
    """Read what a worker that runs tells; where its lock may not be looked at, say so."""
    try:
        holder = lock.holder(report)
    except ReportError as error:
        account.unseen.append(str(error))
        return None
    return worker_status.read_worker_status(report.parent, holder) if holder else None
