"""Reports saved by other programs: other separators, columns, quotes or encodings.

Spreadsheets write semicolons, tabs and UTF-16, and people add or reorder columns. The names
in the first line locate the columns.
"""

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO, Final

from digitdrop.outbox.row import COLUMNS, END, LONGEST, is_foreign_head, lines_of
from digitdrop.values import Status

_DELIMITERS: Final = ",;\t|"
_NEEDED: Final = {"id", "sha256"}
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def foreign_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a report from its start, those of a foreign report in our format.

    A line without an id, or with neither digest nor file name, is left out. A time or status
    edited beyond recognition becomes the file's own time, or `uncertain`: id and digest still
    identify the row. A file without the columns `id` and `sha256` is given as it is. A line of
    more than 1 MiB comes in pieces.
    """
    file.seek(0)
    head = file.readline(LONGEST)
    if not is_foreign_head(head):
        return chain([head], lines_of(file))
    return _read(file, _encoding(head))


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head[:2]:
        return "utf-16-be" if head.startswith(b"\0") else "utf-16-le"
    return "utf-8-sig"


def _read(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        physical = iter(lambda: text.readline(LONGEST), "")
        head = next(physical, "")
        if head.lower().startswith("sep="):  # Excel names its separator so
            head = next(physical, "")
        delimiter, columns = _columns(head)
        if columns:
            yield from _normal(physical, delimiter, columns, _modified(file))
        else:
            yield from (line.encode("utf-8", "replace") for line in chain([head], physical))
    finally:
        text.detach()  # the caller closes the file


def _columns(head: str) -> tuple[str, dict[str, int]]:
    """Return the separator and the columns by name; empty if this is no header."""
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([head], delimiter=delimiter), [])
        except csv.Error:  # a cell of more than 128 KiB: this is no header
            continue
        columns = {cell.strip().casefold(): number for number, cell in enumerate(cells)}
        if columns.keys() >= _NEEDED:
            return delimiter, columns
    return "", {}


def _normal(
    physical: Iterator[str], delimiter: str, columns: dict[str, int], modified: datetime
) -> Iterator[bytes]:
    rows = csv.reader(physical, delimiter=delimiter)
    while True:
        try:
            found = next(rows, None)
        except csv.Error:  # a cell of more than 128 KiB belongs to no row
            continue
        if found is None:
            return
        cells = {
            name: found[number].strip() for name, number in columns.items() if number < len(found)
        }
        digest = cells.get("sha256", "").lower()
        cells["sha256"] = digest if _DIGEST.fullmatch(digest) else ""
        if cells.get("id") and (cells["sha256"] or cells.get("file")):
            yield _line(cells, modified)


def _line(cells: dict[str, str], modified: datetime) -> bytes:
    if not _is_time(cells.get("time", "")):
        cells["time"] = modified.isoformat()
    if cells.get("status") not in set(Status):
        cells["status"] = Status.UNCERTAIN
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells.get(name, "") for name in COLUMNS)
    return text.getvalue().encode("utf-8", "replace") + END


def _is_time(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _modified(file: BinaryIO) -> datetime:
    return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
