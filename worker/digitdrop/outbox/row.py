"""A reading as one line of the report, and back: RFC 4180, UTF-8, no spreadsheet formulas."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import BinaryIO, Final

from digitdrop.escape import escape, unescape
from digitdrop.values import Reading, Status, is_number, iso

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
    """A row of the report, as far as it can be read."""

    time: datetime
    status: Status
    file: str = ""
    """As written in the report; see `escape`."""
    sha256: str = ""
    is_whole: bool = False
    """True if the row has all its cells; else time and status are guesses."""
    prediction: str | None = None
    confidence: float | None = None
    reason: str = ""
    """As written in the report; see `escape`."""
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    model: str = ""

    @property
    def name(self) -> str:
        """Name of the picture as dropped; empty if the cell was edited to lead elsewhere."""
        name = unescape(self.file)
        path = PurePath(name)
        return "" if path.is_absolute() or ".." in path.parts or "\0" in name else name

    @property
    def corrects(self) -> str | None:
        """Id of the corrected row; None for a reading."""
        if self.status is not Status.CORRECTED:
            return None
        return self.reason.removeprefix(_CORRECTS) or None


def correcting(row_id: str) -> str:
    """Return the reason of a row that corrects another one."""
    return f"{_CORRECTS}{row_id}"


_CORRECTS: Final = "corrects "


def is_foreign_head(head: bytes) -> bool:
    """Return True if a first line is neither our header nor a torn part of it."""
    start = head.removeprefix(BOM)
    if head.endswith(b"\n"):
        return start.rstrip(b"\r\n") != HEADER
    return not (HEADER + b"\r").startswith(start.rstrip(b"\0"))


def is_whole(text: bytes) -> bool:
    """Return True if a line without its end is a row to its last character.

    The last cell ends in eight hex digits, so even a missing last byte is noticed.
    """
    cells = _split(text)
    return len(cells) == len(COLUMNS) and _TAIL.fullmatch("\n".join(cells[-2:])) is not None


_TAIL: Final = re.compile("(?:[0-9a-f]{64})?\n.+-[0-9a-f]{8}")


LONGEST: Final = 1 << 20
"""Bytes of the longest line that is read. Rows are far shorter: a path has 4,096 bytes."""


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a report without lines too long for a row, which take no memory."""
    while text := file.readline(LONGEST):
        if len(text) < LONGEST or text.endswith(b"\n"):
            yield text
            continue
        while text and not text.endswith(b"\n"):
            text = file.readline(LONGEST)


def search(lines: Iterable[bytes], wanted: Collection[bytes] | None) -> Iterator[tuple[str, Row]]:
    """Yield ids and rows of a report; all of them if `wanted` is None, else the ids in it."""
    for text in lines:
        row_id = _id(text)
        if row_id and (wanted is None or row_id in wanted):
            yield row_id.decode("utf-8", "replace"), _row(text, row_id)


def search_contents(
    lines: Iterable[bytes], wanted: Collection[bytes]
) -> Iterator[tuple[str, Row]]:
    """Yield ids and rows of pictures with these SHA-256 (hex), and rows without a digest."""
    for text in lines:
        digest = _SHA256.search(text)
        if not digest or digest[0] in wanted:
            row_id = _id(text)
            if row_id:
                yield row_id.decode("utf-8", "replace"), _row(text, row_id)


_SHA256: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def _id(text: bytes) -> bytes:
    """Return the first cell of a line; empty for the header and for blank lines."""
    row_id = text.partition(b",")[0].partition(b";")[0].strip(b'"\r\n')
    return b"" if row_id.removeprefix(BOM) in {b"id", b""} else row_id


def _row(text: bytes, row_id: bytes) -> Row:
    """Parse a line that a person may have saved from a spreadsheet, in any locale."""
    delimiter = ";" if text.strip(b'"').startswith(row_id + b";") else ","
    cells = _split(text, delimiter)
    if len(cells) <= COLUMNS.index("sha256"):  # edited beyond recognition, but the id still counts
        return Row(datetime.now(UTC), Status.UNCERTAIN)
    file, sha256 = cells[2], cells[9]
    try:
        time, status = _time(cells[1]), Status(cells[5])
    except ValueError:
        return Row(datetime.now(UTC), Status.UNCERTAIN, file, sha256)
    return Row(
        time,
        status,
        file,
        sha256,
        is_whole=len(cells) == len(COLUMNS),
        prediction=_number(cells[3]),
        confidence=_share(cells[4]),
        reason=cells[6],
        runner_up=_number(cells[7]),
        runner_up_confidence=_share(cells[8]),
        model=cells[10] if len(cells) == len(COLUMNS) else "",
    )


def _time(cell: str) -> datetime:
    time = datetime.fromisoformat(cell)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _number(cell: str) -> str | None:
    return cell if is_number(cell) else None


def _share(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))  # a decimal comma, by some locales
    except ValueError:
        return None


def _split(text: bytes, delimiter: str = ",") -> list[str]:
    lines = [text.decode("utf-8", "replace").rstrip("\r\n")]
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def line(reading: Reading) -> bytes:
    """Return a reading as one line with its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells(reading))
    return text.getvalue().encode() + END


def cells(reading: Reading) -> Iterator[str]:
    """Yield a reading as cells, in the order of `COLUMNS`."""
    verdict = reading.verdict
    yield reading.id
    yield iso(reading.time)
    yield escape(reading.drop.name)
    yield verdict.prediction or ""
    yield _decimal(verdict.confidence)
    yield verdict.status
    yield escape(verdict.reason)
    yield verdict.runner_up or ""
    yield _decimal(verdict.runner_up_confidence)
    yield reading.sha256
    yield reading.model


def _decimal(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.4f}"
