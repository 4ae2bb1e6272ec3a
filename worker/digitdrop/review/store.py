"""All rows of an outbox in a temporary SQLite database, which follows the growing report."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.row import COLUMNS, Row, correcting, search
from digitdrop.outbox.rows import Rows
from digitdrop.page.growth import Growth
from digitdrop.review.selection import ON_A_PAGE, Selection
from digitdrop.values import Status, iso

Cells: TypeAlias = Sequence[str]

_FRESH: Final = 0.5  # seconds for which the rows that are known count as all rows
_STEP: Final = 1_000  # rows given at a time; others may use the database in between
_CACHE_KIB: Final = 64 * 1024
_STATUSES: Final = frozenset(map(str, Status))
_OPEN: Final = tuple(str(status) for status, folder in ARCHIVE_FOLDERS.items() if folder != "done")
_IS_OPEN: Final = f"status IN ({', '.join(repr(status) for status in _OPEN)})"
_WIDTH: Final = len(COLUMNS)
_COLUMNS: Final = ", ".join(COLUMNS)
_INSERT: Final = (
    f"INSERT INTO rows ({_COLUMNS}) VALUES (?,?,?,?,nullif(?,''),?,?,?,nullif(?,''),?,?)"
)
_SCHEMA: Final = """
    CREATE TABLE rows (
        n INTEGER PRIMARY KEY, id TEXT, time TEXT, file TEXT, prediction TEXT, confidence REAL,
        status TEXT, reason TEXT, runner_up TEXT, runner_up_confidence REAL, sha256 TEXT,
        model TEXT)
"""
_BY_ID: Final = "CREATE INDEX IF NOT EXISTS ids ON rows (id)"
"""Made when the first row is asked for by its id: it takes longer than a page of the table."""
_INDEXES: Final = (
    "CREATE INDEX corrections ON rows (reason) WHERE status = 'corrected'",
    f"CREATE INDEX open ON rows (n) WHERE {_IS_OPEN}",
)
"""Made after the first look, since an index is made far faster of all rows at once."""
ORDERS: Final = {
    "matters": "status <> 'uncertain', status = 'unreadable', confidence DESC, n DESC",
    "time": "n DESC",
    "name": "file, n DESC",
    "confidence": "confidence, n DESC",
}
"""Orders of the queue. In `matters`, `uncertain` comes first, nearest to the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row as the database has it; its texts are escaped as in the report."""

    n: int
    """Its place among all rows, from 1."""
    id: str
    row: Row


class Store:
    """The rows of the report and of its closed parts; safe in several threads."""

    def __init__(self, report: Path) -> None:
        """Read nothing yet; the database is a file without a name, gone with the process."""
        self._growth = Growth(Rows(report))
        self._lock = threading.RLock()
        self._at = float("-inf")
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute(_SCHEMA)
        self._missing = [*_INDEXES]
        self._total = 0
        self.days: Counter[tuple[str, str]] = Counter()
        """Rows by day (UTC) and status."""
        self.models: Counter[str] = Counter()

    def refresh(self, *, at_once: bool = False) -> None:
        """Take in new rows, unless that was done half a second ago.

        Raises:
            OSError: a file of the report cannot be read.
        """
        with self._lock:
            if not at_once and time.monotonic() - self._at < _FRESH:
                return
            holds, chunks = self._growth.chunks()
            if not holds:
                self._db.execute("DELETE FROM rows")
                self._total = 0
                self.days.clear()
                self.models.clear()
            for chunk in chunks:
                self._add(_cells(chunk))
            while self._missing:
                self._db.execute(self._missing.pop())
            self._at = time.monotonic()

    def _add(self, rows: list[Cells]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(_INSERT, rows)
        self._db.execute("COMMIT")
        self._total += len(rows)
        self.days.update([(row[1][:10], row[5]) for row in rows])
        self.models.update(map(itemgetter(_WIDTH - 1), rows))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._total

    def count(self, selection: Selection) -> int:
        """Return the number of rows of a selection, on all its pages."""
        condition, values = selection.where()
        if not condition:
            return self._total
        with self._lock:
            (found,) = self._db.execute(f"SELECT count(*) FROM rows WHERE {condition}", values)
        return int(found[0])

    def page(self, selection: Selection) -> list[Entry]:
        """Return the rows of one page of a selection."""
        start = ON_A_PAGE * (selection.page - 1)
        return list(self._select(selection, f"LIMIT {ON_A_PAGE} OFFSET {start}"))

    def every(self, selection: Selection) -> Iterator[Entry]:
        """Yield all rows of a selection; others may use the store meanwhile."""
        condition, values = selection.where()
        yield from self._in_steps(f"WHERE {condition or 1} ORDER BY {selection.order()}", values)

    def waiting(self, order: str) -> Iterator[Entry]:
        """Yield the rows whose pictures were filed for a person, and that nobody has corrected.

        Args:
            order: one of `ORDERS`.
        """
        return self._in_steps(
            f"WHERE {_IS_OPEN} AND NOT EXISTS (SELECT 1 FROM rows AS later WHERE "
            "later.status = 'corrected' AND later.reason = ? || rows.id) "
            f"ORDER BY {ORDERS[order]}",
            [correcting("")],
        )

    def _in_steps(self, rest: str, values: Iterable[object]) -> Iterator[Entry]:
        with self._lock:
            found = self._db.execute(f"SELECT n FROM rows {rest}", tuple(values))
            numbers = [number for (number,) in found]
        for start in range(0, len(numbers), _STEP):
            some = numbers[start : start + _STEP]
            marks = ",".join("?" * len(some))
            entries = {one.n: one for one in self._entries(f"WHERE n IN ({marks})", some)}
            yield from (entries[number] for number in some if number in entries)

    def _select(self, selection: Selection, limit: str) -> list[Entry]:
        condition, values = selection.where()
        return self._entries(
            f"WHERE {condition or 1} ORDER BY {selection.order()} {limit}", values
        )

    def _entries(self, rest: str, values: Iterable[object] = ()) -> list[Entry]:
        with self._lock:
            found = self._db.execute(f"SELECT n, {_COLUMNS} FROM rows {rest}", tuple(values))
            return [_entry(cells) for cells in found]

    def of_id(self, row_id: str) -> Entry | None:
        """Return a row by its id; None if there is none."""
        with self._lock:
            self._db.execute(_BY_ID)
        return next(iter(self._entries("WHERE id = ? ORDER BY n LIMIT 1", [row_id])), None)

    def chain(self, row_id: str) -> list[Entry]:
        """Return all rows of a picture: its reading, then its corrections in their order.

        Args:
            row_id: of any of these rows. An unknown id gives an empty list.
        """
        found = self.of_id(row_id)
        passed = set[str]()
        while found and found.row.corrects and found.id not in passed:
            passed.add(found.id)
            earlier = self.of_id(found.row.corrects)
            found = earlier or found
            if not earlier:
                break
        rows = [found] if found else []
        known = {one.id for one in rows}
        while rows and (later := self._correction_of(rows[-1].id)) and later.id not in known:
            rows.append(later)
            known.add(later.id)
        return rows

    def _correction_of(self, row_id: str) -> Entry | None:
        rest = "WHERE status = 'corrected' AND reason = ? ORDER BY n DESC LIMIT 1"
        return next(iter(self._entries(rest, [correcting(row_id)])), None)

    def read_as_ok(self) -> Iterator[tuple[str, str, int]]:
        """Yield model, digit and number of the readings with one digit that were `ok`."""
        with self._lock:
            found = self._db.execute(
                "SELECT model, prediction, count(*) FROM rows WHERE status = 'ok' "
                "AND length(prediction) = 1 GROUP BY model, prediction"
            ).fetchall()
        yield from found

    def corrected_ok(self) -> Iterator[tuple[str, str, str]]:
        """Yield model, digit and a person's last answer for each corrected reading of that kind.

        The answer is empty if the picture shows no number.
        """
        with self._lock:
            self._db.execute(_BY_ID)
            found = self._db.execute(
                "SELECT reading.id, reading.model, reading.prediction FROM rows AS later "
                "JOIN rows AS reading ON reading.id = substr(later.reason, ?) "
                "WHERE later.status = 'corrected' AND reading.status = 'ok' "
                "AND length(reading.prediction) = 1",
                [len(correcting("")) + 1],
            ).fetchall()
        for row_id, model, prediction in found:
            yield model, prediction, self.chain(row_id)[-1].row.prediction or ""


def _cells(chunk: bytes) -> list[Cells]:
    """Return the cells of the rows of a chunk; nearly all lines are split without a parser."""
    text = chunk.decode("utf-8", "replace").replace("\r\n", "\n")
    is_quoted = '"' in text
    rows: list[Cells] = []
    for line in text.split("\n"):
        cells = line.split(",")
        is_plain = len(cells) == _WIDTH and cells[5] in _STATUSES and cells[1][-1:] == "Z"
        if is_plain and not (is_quoted and '"' in line):
            rows.append(cells)
        elif line:
            found = search([line.encode("utf-8", "replace")], None)
            rows += (_as_cells(row_id, row) for row_id, row in found if row.is_whole)
    return rows


def _as_cells(row_id: str, row: Row) -> Cells:
    return (
        row_id,
        iso(row.time),
        row.file,
        row.prediction or "",
        "" if row.confidence is None else str(row.confidence),
        str(row.status),
        row.reason,
        row.runner_up or "",
        "" if row.runner_up_confidence is None else str(row.runner_up_confidence),
        row.sha256,
        row.model,
    )


def _entry(found: tuple[object, ...]) -> Entry:
    number, row_id, moment, file, prediction, confidence, status, *rest = found
    reason, runner_up, runner_up_confidence, sha256, model = rest
    return Entry(
        n=int(str(number)),
        id=str(row_id),
        row=Row(
            time=_time(str(moment)),
            status=Status(str(status)),
            file=str(file),
            sha256=str(sha256),
            is_whole=True,
            prediction=str(prediction) or None,
            confidence=confidence if isinstance(confidence, float) else None,
            reason=str(reason),
            runner_up=str(runner_up) or None,
            runner_up_confidence=(
                runner_up_confidence if isinstance(runner_up_confidence, float) else None
            ),
            model=str(model),
        ),
    )


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # edited by hand
        return datetime.fromtimestamp(0, UTC)
