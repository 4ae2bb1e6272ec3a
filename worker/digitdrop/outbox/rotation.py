"""Rotation of the report: the time to close it, and the names of closed reports."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from digitdrop.files.disk import rename_exclusively

Period: TypeAlias = Literal["day", "month"]

_FORMATS: Final[dict[Period, str]] = {"day": "%Y-%m-%d", "month": "%Y-%m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Limits of one report: rows of one day or month (UTC), or a number of bytes."""

    period: Period | None = None
    size: int | None = None
    """Bytes; a report is closed before it would grow beyond them."""

    def of(self, time: datetime) -> str:
        """Return the period of a row, such as `2026-12`; empty if only the size counts."""
        return time.astimezone(UTC).strftime(_FORMATS[self.period]) if self.period else ""

    def is_due(self, *, last: datetime, new: datetime, size: int) -> bool:
        """Return True if the report must be closed before new rows are written.

        A clock that was set back never closes a report.

        Args:
            last: time of the last row.
            new: time of the first new row.
            size: bytes of the report with the new rows.
        """
        return self.of(new) > self.of(last) or (self.size is not None and size > self.size)

    def close(self, report: Path, last: datetime) -> Path:
        """Rename a report after its last row, in one step and never over another file.

        Returns:
            The new path: `NAME-2026-11-23.csv` or `NAME-2026-11.csv`; with a number from 0001
            on if only the size counts, or if a file has the name.

        Raises:
            OSError: the system refuses; the report is as it was.
        """
        for name in self._names(report, last):
            try:
                rename_exclusively(report, name)
            except FileExistsError:
                continue
            return name
        raise AssertionError("numbers do not end")

    def _names(self, report: Path, last: datetime) -> Iterator[Path]:
        stem = f"{report.stem}-{last.astimezone(UTC).strftime(_FORMATS[self.period or 'day'])}"
        if self.period:
            yield report.with_stem(stem)
        for number in range(1, 10**9):
            yield report.with_stem(f"{stem}-{number:04d}")


def closed(report: Path) -> list[Path]:
    """Return the closed reports of a report, oldest first; none if the folder is missing.

    Links, pipes and folders with such names are ignored.
    """
    name = re.compile(
        rf"{re.escape(report.stem)}-(\d{{4}}-\d\d)(-\d\d)?(?:-(\d{{4,9}}))?"
        rf"{re.escape(report.suffix)}"
    )
    try:
        with os.scandir(report.parent) as entries:
            found = [
                (match, report.with_name(entry.name))
                for entry in entries
                if (match := name.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    return [path for _, path in sorted(found, key=_order)]


def _order(found: tuple[re.Match[str], Path]) -> tuple[str, str, int]:
    """Sort by month, day, number; the report of a month comes after the reports of its days."""
    match, _ = found
    return match[1], match[2] or "-99", int(match[3] or 0)
