"""A reading as one line of the report, and back: RFC 4180, UTF-8, nothing that runs."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import BinaryIO, Final

from digitdrop.escape import escape, unescape
from digitdrop.values import Reading, Status, is_number

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
    """A row that is in the report, as far as it can be read."""

    time: datetime
    status: Status
    file: str = ""
    """As written, see `escape`."""
    sha256: str = ""
    is_whole: bool = False
    """Whether it has all its cells; else time and status are guesses."""
    prediction: str | None = None
    confidence: float | None = None
    reason: str = ""
    """As written, see `escape`."""
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    model: str = ""

    @property
    def name(self) -> str:
        """What its owner called the picture; empty if the cell was edited to lead elsewhere."""
        name = unescape(self.file)
        path = PurePath(name)
        return "" if path.is_absolute() or ".." in path.parts or "\0" in name else name

    @property
    def corrects(self) -> str | None:
        """The id of the row that this one puts right; None if it is a reading."""
        if self.status is not Status.CORRECTED:
            return None
        return self.reason.removeprefix(_CORRECTS) or None


def correcting(row_id: str) -> str:
    """Write the reason of a row that puts another one right."""
    return f"{_CORRECTS}{row_id}"


_CORRECTS: Final = "corrects "


def is_whole(text: bytes) -> bool:
    """Say whether a line without its end is a row to its last character.

    The last cell ends in eight hex digits, so that not even its last byte can be
    missing unnoticed.
    """
    cells = _split(text)
    return len(cells) == len(COLUMNS) and _TAIL.fullmatch("\n".join(cells[-2:])) is not None


_TAIL: Final = re.compile("(?:[0-9a-f]{64})?\n.+-[0-9a-f]{8}")


LONGEST: Final = 1 << 20
"""Bytes of a line; far beyond any row, since names end at 4,096."""


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a report, but for those too long to be rows: they take no memory."""
    while text := file.readline(LONGEST):
        if len(text) < LONGEST or text.endswith(b"\n"):
            yield text
            continue
        while text and not text.endswith(b"\n"):
            text = file.readline(LONGEST)


def search(lines: Iterable[bytes], wanted: Collection[bytes] | None) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a report with their ids, all of them or those that are wanted."""
    for text in lines:
        row_id = _id(text)
        if row_id and (wanted is None or row_id in wanted):
            yield row_id.decode("utf-8", "replace"), _row(text, row_id)


def search_contents(
    lines: Iterable[bytes], wanted: Collection[bytes]
) -> Iterator[tuple[str, Row]]:
    """Yield the rows of pictures with these SHA-256 (in hex), and those that tell none."""
    for text in lines:
        digest = _SHA256.search(text)
        if not digest or digest[0] in wanted:
            row_id = _id(text)
            if row_id:
                yield row_id.decode("utf-8", "replace"), _row(text, row_id)


_SHA256: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def _id(text: bytes) -> bytes:
    """Give the first cell of a line; empty for the header and for blank lines."""
    row_id = text.partition(b",")[0].partition(b";")[0].strip(b'"\r\n')
    return b"" if row_id.removeprefix(BOM) in {b"id", b""} else row_id


def _row(text: bytes, row_id: bytes) -> Row:
    """Read a line that people may have saved from a spreadsheet, in their locale's manner."""
    delimiter = ";" if text.strip(b'"').startswith(row_id + b";") else ","
    cells = _split(text, delimiter)
    if len(cells) <= COLUMNS.index("sha256"):  # edited beyond recognition: still its row
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
    """Write a reading as one physical line with its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells(reading))
    return text.getvalue().encode() + END


def cells(reading: Reading) -> Iterator[str]:
    """Write a reading as cells, in the order of `COLUMNS`."""
    verdict = reading.verdict
    yield reading.id
    yield reading.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
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
