"""`labels.csv`: the pictures of a folder and the number that each shows, as a table."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from digitdrop.errors import FolderError
from digitdrop.files.regular import opened
from digitdrop.values import MOST_DIGITS, is_number

LABELS: Final = "labels.csv"
"""Name of the table; its columns `file` and `label` are read, others are passed over."""

_LONGEST: Final = 1 << 28  # bytes: millions of rows


def read_labels(table: Path) -> dict[str, str]:
    """Return the number that each picture shows, by the picture's path below the table's folder.

    Raises:
        FolderError: the table cannot be read, a label is no whole number, or a file is not
            there or named twice; the text says in which line.
    """
    found: dict[str, str] = {}
    for number, file, label in _rows(table):
        where = f"{table}, line {number}"
        if not is_number(label):
            raise FolderError(
                f"{where}: the label {label!r} is no whole number: expected 1 to {MOST_DIGITS} "
                "digits, as in 7 or 0042; take the line out, and name a folder with that "
                "picture with --others"
            )
        if file in found:
            raise FolderError(f"{where}: {file!r} is named twice: leave one line of the two")
        if not (table.parent / file).is_file():
            raise FolderError(f"{where}: there is no file {file!r} in {table.parent}")
        found[file] = label
    return found


def _rows(table: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each line, the file and the label."""
    try:
        with opened(table) as file:
            text = file.read(_LONGEST).decode("utf-8-sig")  # spreadsheets write a mark
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if not {"file", "label"} <= set(rows.fieldnames or ()):
            raise FolderError(
                f"{table} has no columns file and label: expected these two in its first line, "
                "with a comma between them"
            )
        for row in rows:
            yield rows.line_num, row["file"] or "", row["label"] or ""
    except OSError as error:
        raise FolderError(f"cannot read {table}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FolderError(f"{table} is no CSV in UTF-8: {error}") from error
