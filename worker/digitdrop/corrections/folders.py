"""The label folders of `review/`, and the pictures in them that are ready."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from digitdrop.intake.listing import ListedFile, find_drop, listing
from digitdrop.intake.settle import Clocks, Settler

FOLDERS: Final[dict[str, int | None]] = {
    **{str(digit): digit for digit in range(10)},
    "none": None,
}
"""Folders in `review/`, and what they say of the pictures in them; None: no single digit."""


class Folders:
    """Lists the label folders, and ignores pictures that belong to no row."""

    def __init__(self, review: Path, settler: Settler, clock: Callable[[], Clocks]) -> None:
        """Begin without pictures to ignore.

        Args:
            review: the folder of the outbox.
            settler: of these folders alone, since its keys are file names.
            clock: reads the time.
        """
        self._review = review
        self._settler = settler
        self._clock = clock
        self._strange: dict[str, ListedFile] = {}
        """Files that belong to no row; only files that are still there."""

    def ready(self) -> list[str]:
        """Return the pictures that may be read, as FOLDER/NAME; make missing folders.

        Raises:
            OSError: a folder cannot be listed, or not made.
        """
        now = self._clock()
        ready, strange = [], {}
        for folder in FOLDERS:
            for found in self._listed(folder):
                name = f"{folder}/{found.name}"
                known = self._strange.get(name)
                if known and known.stamp.same_content_as(found.stamp):
                    strange[name] = known
                elif self._settler.is_settled(replace(found, name=name), now):
                    ready.append(name)
        self._strange = strange
        self._settler.end_of_listing()
        return ready

    def _listed(self, folder: str) -> Iterator[ListedFile]:
        try:
            yield from listing(self._review / folder)
        except FileNotFoundError:
            (self._review / folder).mkdir(exist_ok=True)

    def due(self) -> float:
        """Return the seconds until another picture may be ready."""
        return self._settler.due(self._clock())

    def pass_over(self, name: str) -> bool:
        """Ignore a picture until it changes; return False if it is gone."""
        found = find_drop(self._review, name)
        if found:
            self._strange[name] = found
        return found is not None
