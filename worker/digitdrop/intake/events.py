"""What events told of: which of those files may be read at once, and which in a moment."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

from digitdrop.intake import listing
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.intake.twins import Twins
from digitdrop.intake.watch import LOOK_EVERYWHERE

AFTERCARE: Final = 0.015
"""Seconds that a sender gets after its last write, before a file is taken from under its name.

Many set mode and times by name once they have closed the file (Python's shutil.copy
among them), and would fail if it were gone by then. Of 50,000 such copies, most of them on
two cores that up to twelve busy processes shared, the slowest took 8 ms to get there.
"""


class FileEvents:
    """Names that were told, kept until the files behind them may be read."""

    def __init__(
        self, folder: Path, settler: Settler, twins: Twins, clock: Callable[[], Clocks]
    ) -> None:
        """Begin with none.

        Args:
            folder: the inbox.
            settler: knows which files are waited for in any case.
            twins: knows which files have an unfinished one beside them, and is told of more.
            clock: tells the time.
        """
        self._folder = folder
        self._settler = settler
        self._twins = twins
        self._clock = clock
        self._names: set[str] = set()
        self._due = math.inf
        """On the monotonic clock."""

    def due(self) -> float:
        """Say in how many seconds the next of those that are kept may be read."""
        return max(0.0, self._due - self._clock().monotonic)

    def ready(self, names: set[str]) -> list[ListedFile]:
        """Give the files that may be read; keep those that were written just now.

        Args:
            names: what was told since, `LOOK_EVERYWHERE` among them.
        """
        self._names |= names
        for name in names:
            self._twins.note(name)
        found = [listing.find_drop(self._folder, name) for name in self._names - {LOOK_EVERYWHERE}]
        now = self._clock()
        there = [one for one in found if one and self._settler.may_be_tried(one, now)]
        waits = {one.name: AFTERCARE - _age(one, now) for one in there}
        fresh = {name: wait for name, wait in waits.items() if 0 < wait <= AFTERCARE}
        self._due = now.monotonic + min(fresh.values(), default=math.inf)
        self._names &= {*fresh, LOOK_EVERYWHERE}
        # Many remove the unfinished file only once they have closed the other: it is asked last.
        return [one for one in there if one.name not in fresh and not self._twins.hold(one.name)]

    def mean_everywhere(self) -> bool:
        """Say, and forget, that something arrived which no name was told of."""
        told = LOOK_EVERYWHERE in self._names
        self._names.discard(LOOK_EVERYWHERE)
        return told


def _age(found: ListedFile, now: Clocks) -> float:
    return (now.wall_ns - found.stamp.ctime_ns) / 1e9
