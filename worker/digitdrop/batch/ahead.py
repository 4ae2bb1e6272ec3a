"""Read drops batch by batch, each while the one before is recorded, and note what was begun."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from digitdrop.files.regular import open_regular
from digitdrop.pipeline import Outcome, location_of
from digitdrop.pool.batches import Batch, BatchReader, BatchSize, ReadTimeout, one_ahead
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Drop

_LOOK: Final = 0.1
_LAST: Final = 5.0  # seconds that a thread gets at the end, whose picture is done elsewhere
_LONGEST: Final = 1 << 24  # bytes of a note that are read


class CrashNote:
    """A note beside the report, `.NAME.begun`: the files that a run has begun.

    It is there while a run reads, and stays if the run crashes: one of the files in
    it may be poison. It proves nothing and need not survive a power cut.
    """

    def __init__(self, report: Path) -> None:
        """Name the report."""
        self._path = report.with_name(f".{report.name}.begun")

    def write(self, paths: Iterable[Path]) -> None:
        """Replace the note."""
        with suppress(OSError):  # a full disk: writing the report will show that
            here = os.getcwd()  # noqa: PTH109 - `absolute` would ask for it again for each path
            names = "\0".join(os.path.join(here, path) for path in paths)  # noqa: PTH118
            with open_regular(self._path, "wb") as file:
                file.write(os.fsencode(names))

    def left(self) -> list[Path]:
        """Return the files that an earlier run had begun when it crashed, if they still exist."""
        try:
            with open_regular(self._path) as file:
                names = file.read(_LONGEST).split(b"\0")
        except OSError:
            return []
        return [Path(os.fsdecode(name)) for name in names if name and os.path.isfile(name)]  # noqa: PTH113 - a name may be too long for `Path.is_file`

    def clear(self) -> None:
        """Mark the run as finished. A note that is left behind only costs a needless probe."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_ahead(
    drops: Iterator[Drop], reader: BatchReader, note: CrashNote, shutdown: Shutdown
) -> Iterator[tuple[int, list[Outcome]]]:
    """Yield the number of drops that are done since the last time, and their outcomes.

    Drops not begun at a stop are left out, and drops that still take long then.

    Args:
        drops: found as they are needed.
        reader: reads them.
        note: names the drops under way, in case this process dies of one.
        shutdown: ends the wait for pictures that take long.

    Raises:
        ReadTimeout: a thread never ends; its picture is in the report all the same.
        Stopped: the worker shall stop, and a picture does not end.
    """
    size = BatchSize(reader.workers)
    for batch in one_ahead(_begun(drops, reader, note, size)):
        outcomes = reader.end(batch)
        size.ended(batch)
        late = reader.late_drops()
        yield sum(drop not in late for drop in batch.drops), outcomes
        yield _late(reader)
    while reader.late_drops() and not shutdown.is_stopping():
        shutdown.wait(_LOOK)
        yield _late(reader)
    looks = round(_LAST / _LOOK)
    while reader.is_stuck and not shutdown.is_stopping():
        shutdown.wait(_LOOK)
        looks -= 1
        if not looks:
            raise ReadTimeout


def _begun(
    drops: Iterator[Drop], reader: BatchReader, note: CrashNote, size: BatchSize
) -> Iterator[Batch]:
    """Begin batch after batch; drops that an earlier run had begun at a crash go to the lane."""
    suspects = set(note.left())
    before: Sequence[Drop] = ()
    while group := list(islice(drops, size.size)):
        suspected = {drop for drop in group if suspects and location_of(drop) in suspects}
        reader.suspect([drop for drop in group if drop in suspected], crashes=1)
        rest = [drop for drop in group if drop not in suspected] if suspected else group
        late = sorted(reader.late_drops(), key=lambda drop: drop.path)
        note.write(drop.path for drop in (*before, *late, *rest))
        yield reader.begin(rest, more=len(group) == size.size)
        before = rest


def _late(reader: BatchReader) -> tuple[int, list[Outcome]]:
    outcomes = reader.late()
    return len(outcomes), outcomes
