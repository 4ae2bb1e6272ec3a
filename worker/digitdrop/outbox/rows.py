"""The rows of all reports: the one that grows, closed ones, and ones that were set aside."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from digitdrop.files.regular import open_regular
from digitdrop.outbox.foreign import foreign_lines
from digitdrop.outbox.rotation import closed
from digitdrop.outbox.row import Row, search, search_contents

FOREIGN: Final = "-foreign-"
"""Part of the name of a report that was set aside for its foreign header."""

_STEP: Final = 2_000  # lines: some milliseconds
_SLACK: Final = timedelta(days=1)  # two clocks, of this machine and a share, differ by less
_ALWAYS: Final = 3  # the last closed reports are read whatever their times say


class Rows:
    """The recorded rows, read as a stream: none of them stays in memory here."""

    def __init__(self, path: Path) -> None:
        """Name the report; nothing stays open between two calls."""
        self._path = path

    def files(self) -> list[Path]:
        """Return the files with rows: closed reports, ones set aside, the one that grows."""
        present = [self._path] if os.path.lexists(self._path) else []
        return [*closed(self._path), *self._named(FOREIGN), *present]

    def all_rows(self) -> Iterator[tuple[str, Row]]:
        """Yield ids and rows of the report that grows; nothing without a report."""
        if os.path.lexists(self._path):
            with open_regular(self._path) as file:
                yield from search(foreign_lines(file), None)

    def every_row(self) -> Iterator[tuple[str, Row]]:
        """Yield ids and rows of all files: closed reports, ones set aside, the one that grows.

        A report that is closed meanwhile is given once. Rows of a file are in its order.
        """
        for file, is_ours in self._open_all():
            yield from (
                one for one in search(foreign_lines(file), None) if is_ours or one[1].is_whole
            )

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all files with their headers; foreign lines in our format."""
        for file, _ in self._open_all():
            yield from foreign_lines(file)

    def rows_of(self, contents: Collection[str]) -> Iterator[tuple[str, Row]]:
        """Yield ids and whole rows, of all files, of pictures with these SHA-256 digests.

        Rows without a digest are included.
        """
        for some in self.rows_of_in_steps(contents):
            yield from some

    def rows_of_in_steps(self, contents: Collection[str]) -> Iterator[list[tuple[str, Row]]]:
        """Yield the rows of `rows_of` in lists, one for each 2,000 lines, even if empty."""
        wanted = {digest.encode() for digest in contents}
        for file, _ in self._open_all():
            left = foreign_lines(file)
            while some := list(islice(left, _STEP)):
                yield [one for one in search_contents(some, wanted) if one[1].is_whole]

    def rows(self, ids: Collection[str], since: datetime | None = None) -> dict[str, Row]:
        """Return rows by id, of all files.

        Args:
            ids: of the rows.
            since: a time before all these rows; files last written long before it are not
                read. None if no such time is known.
        """
        wanted = {row_id.encode() for row_id in ids}
        found: dict[str, Row] = {}
        for path in self._written(since) if wanted else []:
            with open_regular(path) as file:
                found.update(search(foreign_lines(file), wanted))
        return found

    def _open_all(self) -> Iterator[tuple[BinaryIO, bool]]:
        """Yield each file, open, with True if all its lines should be rows."""
        with ExitStack() as stack:
            # First, so that a report that is closed meanwhile is not missed under its new name.
            growing = _opened(self._path, stack)
            for paths, is_ours in ((closed(self._path), True), (self._named(FOREIGN), False)):
                for path in paths:
                    with ExitStack() as one:
                        file = _opened(path, one)
                        if file and not (growing and _is_same(file, growing)):
                            yield file, is_ours
            if growing:
                yield growing, True

    def _written(self, since: datetime | None) -> list[Path]:
        """Return the files that may hold rows written since then, whatever their names."""
        found = self._named("")
        if since is None:
            return found
        latest = {self._path, *closed(self._path)[-_ALWAYS:]}
        first = (since - _SLACK).timestamp()
        return [path for path in found if path in latest or path.stat().st_mtime >= first]

    def _named(self, infix: str) -> list[Path]:
        start, end = self._path.stem + infix, self._path.suffix
        try:
            with os.scandir(self._path.parent) as entries:
                return sorted(
                    self._path.with_name(entry.name)
                    for entry in entries
                    if entry.name.startswith(start)
                    and entry.name.endswith(end)
                    and entry.is_file(follow_symlinks=False)
                )
        except FileNotFoundError:
            return []


def correction_chains(rows: Mapping[str, Row]) -> list[list[str]]:
    """Group row ids by picture: first the reading, then its corrections; the last one counts.

    A correction whose earlier rows are not given begins a group of its own.
    """
    groups: dict[str, list[tuple[int, str]]] = {}
    for row_id in rows:
        first, passed = row_id, {row_id}
        while (earlier := rows[first].corrects) in rows and earlier not in passed:
            first = earlier or ""
            passed.add(first)
        groups.setdefault(first, []).append((len(passed), row_id))
    return [
        [row_id for _, row_id in sorted(group, key=lambda one: one[0])]
        for group in groups.values()
    ]


def _opened(report: Path, stack: ExitStack) -> BinaryIO | None:
    try:
        return stack.enter_context(open_regular(report))
    except FileNotFoundError:
        return None


def _is_same(one: BinaryIO, other: BinaryIO) -> bool:
    return os.path.sameopenfile(one.fileno(), other.fileno())
