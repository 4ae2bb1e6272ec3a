"""Is every picture accounted for? Reconciles the folders with the report; changes nothing."""

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from worker.disk import is_same_file
from worker.errors import FolderError
from worker.held import in_hand
from worker.inbox import listing
from worker.record import Report
from worker.shelve import SHELVES
from worker.stock import Digests, Stock
from worker.table.escape import escape, unescape
from worker.table.row import Row
from worker.tick import tick_off
from worker.tidy.cleared import cleared_until
from worker.values import Status

_LOOKS: Final = 5  # while a worker runs, a picture may change folders between two glances


@dataclass(slots=True)
class Account:
    """What there is, and what does not agree."""

    rows: int = 0
    filed: dict[str, int] = field(default_factory=dict)
    """Pictures by shelf."""
    waiting: int = 0
    """Files in the inbox."""
    in_hand: int = 0
    """Files that the worker has claimed and not filed away yet."""
    missing: list[str] = field(default_factory=list)
    """Rows whose picture is nowhere."""
    doubled: list[str] = field(default_factory=list)
    """Rows with an id that another has, and pictures that lie there more often than in the
    report."""
    unknown: list[str] = field(default_factory=list)
    """Pictures without a row, and lines that are no row."""

    @property
    def is_complete(self) -> bool:
        """Whether every picture is accounted for."""
        return not (self.missing or self.doubled or self.unknown)

    def as_dict(self) -> dict[str, object]:
        """Give it as JSON would have it."""
        return {"accounted_for": self.is_complete, **asdict(self)}

    def __str__(self) -> str:
        """Say it in words, what does not agree one by one."""
        filed = ", ".join(f"{count:,} in {name}" for name, count in self.filed.items())
        lines = [
            f"{self.rows:,} rows; pictures: {filed}, {self.in_hand:,} in hand, "
            f"{self.waiting:,} waiting in the inbox"
        ]
        for kind in ("missing", "doubled", "unknown"):
            lines += [f"{kind}: {one}" for one in getattr(self, kind)]
        lines.append("every picture is accounted for" if self.is_complete else "this is not right")
        return "\n".join(lines)


def verify(inbox: Path, outbox: Path, report: Path) -> Account:
    """Reconcile inbox, claimed files and shelves with the report.

    A worker may be running meanwhile: what does not agree is looked at again,
    and told only if it stays.

    Raises:
        FolderError: a folder is not there, or cannot be read.
    """
    if not outbox.is_dir():
        raise FolderError(f"there is no outbox {outbox}")
    digests = Digests()
    try:
        account = _look(inbox, outbox, Report(report), digests)
        for _ in range(_LOOKS):
            earlier, account = account, _look(inbox, outbox, Report(report), digests)
            if account.is_complete or _findings(account) == _findings(earlier):
                break
    except OSError as error:
        raise FolderError(f"cannot verify {error.filename}: {error.strerror}") from error
    return account


def _findings(account: Account) -> tuple[list[str], ...]:
    return account.missing, account.doubled, account.unknown


def _look(inbox: Path, outbox: Path, report: Report, digests: Digests) -> Account:
    account = Account()
    waiting = [found.name for found in listing(inbox)]
    claims = {drop.id: drop.path for drop in in_hand(inbox)}
    account.waiting, account.in_hand = len(waiting), len(claims)
    rows = _rows(report, account)
    stock = Stock(outbox, digests)
    account.filed = stock.counts()
    account.missing = [
        f"{key}, {escape(unescape(rows[key].file))}: its picture is nowhere"
        for key in tick_off(rows, stock, in_hand=claims.keys(), cleared=cleared_until(outbox))
    ]
    claims |= {drop.id: drop.path for drop in in_hand(outbox / SHELVES[Status.UNCERTAIN])}
    contents = {row.sha256 for row in rows.values()}
    for path in stock.left():
        if any(is_same_file(path, claim) for claim in claims.values()):
            continue  # killed between its two names; the next start completes it
        name = escape(os.fspath(path.relative_to(outbox)))
        known = digests.of(path) in contents
        (account.doubled if known else account.unknown).append(
            f"{name}: lies there once more than in the report" if known else f"{name}: has no row"
        )
    return account


def _rows(report: Report, account: Account) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    times: Counter[str] = Counter()
    for key, row in report.every_row():
        account.rows += 1
        times[key] += 1
        if row.is_whole:
            rows[key] = row
        else:
            account.unknown.append(f"a line that is no row begins with {escape(key[:40])!r}")
    account.doubled += [f"{key}: {count} rows" for key, count in times.items() if count > 1]
    return rows
