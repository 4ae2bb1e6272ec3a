"""A reading as one line of the report, and back: RFC 4180, UTF-8, nothing that runs."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from worker.escape import escape
from worker.values import Reading, Status

COLUMNS: Final = (
    "id",
    "time",
    "file",
    "prediction",
    "confidence",
    "status",
    "reason",
    "runner_up",
    "runner_up_confidence",
    "sha256",
    "model",
)
HEADER: Final = ",".join(COLUMNS).encode()
END: Final = b"\r\n"  # RFC 4180, section 2.1


BOM: Final = b"\xef\xbb\xbf"  # Excel writes one


@dataclass(frozen=True, slots=True)
class Row:
    """What recovery and `verify` need to know of a row that is in the report."""

    time: datetime
    status: Status
    file: str = ""
    """As written, see `escape`."""
    sha256: str = ""
    is_whole: bool = False
    """Whether it has all its cells; else time and status are guesses."""


def is_whole(text: bytes) -> bool:
    """Say whether a line without its end is a row to its last character.

    The last cell ends in eight hex digits, so that not even its last byte can be
    missing unnoticed.
    """
    cells = _split(text)
    return len(cells) == len(COLUMNS) and _TAIL.fullmatch("\n".join(cells[-2:])) is not None


_TAIL: Final = re.compile("(?:[0-9a-f]{64})?\n.+-[0-9a-f]{8}")


def search(path: Path, wanted: Collection[bytes] | None) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a report with their ids, all of them or those that are wanted."""
    with path.open("rb") as file:
        for text in file:
            row_id = text.partition(b",")[0].partition(b";")[0].strip(b'"\r\n')
            if row_id.removeprefix(BOM) in {b"id", b""}:
                continue
            if wanted is None or row_id in wanted:
                yield row_id.decode("utf-8", "replace"), _row(text, row_id)


def _row(text: bytes, row_id: bytes) -> Row:
    """Read a line that people may have saved from a spreadsheet, in their locale's manner."""
    delimiter = ";" if text.strip(b'"').startswith(row_id + b";") else ","
    cells = _split(text, delimiter)
    try:
        time, status = datetime.fromisoformat(cells[1]), Status(cells[5])
        return Row(time, status, cells[2], cells[9], is_whole=len(cells) == len(COLUMNS))
    except (IndexError, ValueError):  # edited beyond recognition: still its row
        return Row(datetime.now(UTC), Status.UNCERTAIN)


def _split(text: bytes, delimiter: str = ",") -> list[str]:
    lines = [text.decode("utf-8", "replace").rstrip("\r\n")]
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def line(reading: Reading) -> bytes:
    """Write a reading as one physical line with its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(_cells(reading))
    return text.getvalue().encode() + END


def _cells(reading: Reading) -> Iterator[str]:
    verdict = reading.verdict
    yield reading.id
    yield reading.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield escape(reading.drop.name)
    yield _text(verdict.prediction)
    yield _decimal(verdict.confidence)
    yield verdict.status
    yield escape(verdict.reason)
    yield _text(verdict.runner_up)
    yield _decimal(verdict.runner_up_confidence)
    yield reading.sha256
    yield reading.model


def _text(digit: int | None) -> str:
    return "" if digit is None else str(digit)


def _decimal(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.4f}"
