"""The rows of a report: in the file that grows, in closed ones, in those that were set aside."""

import os
from collections.abc import Collection, Iterator
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
"""In the name of a report that was set aside, since its header was not ours."""

_STEP: Final = 2_000  # lines: some milliseconds
_SLACK: Final = timedelta(days=1)  # by which clocks, of this machine and of a share, may differ
_ALWAYS: Final = (
    3  # closed reports that may have got a row in the last moments, whatever clocks say
)


class Rows:
    """What was recorded. It is streamed: nothing of it stays in memory here."""

    def __init__(self, path: Path) -> None:
        """Name the report; nothing is opened or held between two calls."""
        self._path = path

    def files(self) -> list[Path]:
        """List the files that rows are in: closed reports, those set aside, the one that grows."""
        present = [self._path] if os.path.lexists(self._path) else []
        return [*closed(self._path), *self._named(FOREIGN), *present]

    def all_rows(self) -> Iterator[tuple[str, Row]]:
        """Yield the rows of the report that grows, with their ids; none if there is no report."""
        if os.path.lexists(self._path):
            with open_regular(self._path) as file:
                yield from search(foreign_lines(file), None)

    def every_row(self) -> Iterator[tuple[str, Row]]:
        """Yield every row with its id: of closed reports, those set aside, the one that grows.

        A report that is closed meanwhile is neither left out nor given twice. Within a
        file the order is that of writing.
        """
        for file, is_ours in self._open_all():
            yield from (
                one for one in search(foreign_lines(file), None) if is_ours or one[1].is_whole
            )

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all these files, headers too; of foreign ones as we write them."""
        for file, _ in self._open_all():
            yield from foreign_lines(file)

    def rows_of(self, contents: Collection[str]) -> Iterator[tuple[str, Row]]:
        """Yield the whole rows, in whichever file, of pictures with these SHA-256.

        Rows that tell no SHA-256 are among them.
        """
        for some in self.rows_of_in_steps(contents):
            yield from some

    def rows_of_in_steps(self, contents: Collection[str]) -> Iterator[list[tuple[str, Row]]]:
        """Yield the same a little at a time, also where none is found for long."""
        wanted = {digest.encode() for digest in contents}
        for file, _ in self._open_all():
            left = foreign_lines(file)
            while some := list(islice(left, _STEP)):
                yield [one for one in search_contents(some, wanted) if one[1].is_whole]

    def rows(self, ids: Collection[str], since: datetime | None = None) -> dict[str, Row]:
        """Look up rows by id, in whichever file.

        Args:
            ids: of the rows.
            since: none of them was written before; files that were last written long
                before are passed over. None if that is not known.
        """
        wanted = {row_id.encode() for row_id in ids}
        found: dict[str, Row] = {}
        for path in self._written(since) if wanted else []:
            with open_regular(path) as file:
                found.update(search(foreign_lines(file), wanted))
        return found

    def _open_all(self) -> Iterator[tuple[BinaryIO, bool]]:
        """Open each file in turn, with whether all its lines should be rows."""
        with ExitStack() as stack:
            # First of all, so that it is at hand whatever name it gets meanwhile.
            growing = _there(self._path, stack)
            for paths, is_ours in ((closed(self._path), True), (self._named(FOREIGN), False)):
                for path in paths:
                    with ExitStack() as one:
                        file = _there(path, one)
                        if file and not (growing and _is_same(file, growing)):
                            yield file, is_ours
            if growing:
                yield growing, True

    def _written(self, since: datetime | None) -> list[Path]:
        """List where rows that were written since then may be, whatever people called it."""
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


def _there(report: Path, stack: ExitStack) -> BinaryIO | None:
    try:
        return stack.enter_context(open_regular(report))
    except FileNotFoundError:
        return None


def _is_same(one: BinaryIO, other: BinaryIO) -> bool:
    return os.path.sameopenfile(one.fileno(), other.fileno())
