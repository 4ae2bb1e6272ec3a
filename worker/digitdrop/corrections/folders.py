"""The label folders of `review/`, and the pictures in them that are ready."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from digitdrop.escape import escape
from digitdrop.files.tree import OnUnlistable
from digitdrop.intake import ignore
from digitdrop.intake.listing import ListedFile, find_drop, listing
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.archive import is_day
from digitdrop.values import MOST_DIGITS, is_number

logger = logging.getLogger(__name__)

NO_NUMBER: Final = "none"
"""Folder of `review/` for pictures without a number, or with more than one."""
MADE: Final = (*map(str, range(10)), NO_NUMBER)
"""Folders of `review/` that the worker makes; people make the folders of longer numbers."""


def is_label(folder: str) -> bool:
    """Return True if a folder name in `review/` is a label.

    >>> [is_label(name) for name in ("7", "0042", "none", "abc", "4 2", "2026-12-01")]
    [True, True, True, False, False, False]
    """
    return folder == NO_NUMBER or is_number(folder)


def said_by(folder: str) -> str | None:
    """Return the number of a label; None for `none`."""
    return None if folder == NO_NUMBER else folder


def folder_of(prediction: str | None) -> str:
    """Return the label for a number, or for none."""
    return prediction or NO_NUMBER


def is_odd(folder: str) -> bool:
    """Return True if a folder in `review/` was made by a person and is no label."""
    return not (is_label(folder) or is_day(folder) or ignore.is_foreign_folder(folder))


ODD: Final = (
    f"which is no label: expected a whole number of up to {MOST_DIGITS} digits, as in review/7 "
    f"or review/0042, or review/{NO_NUMBER}"
)
"""Second half of a message about an odd folder."""


class Folders:
    """Lists the label folders, and ignores pictures that belong to no row."""

    def __init__(
        self, review: Path, settler: Settler, clock: Callable[[], Clocks], refused: OnUnlistable
    ) -> None:
        """Begin without pictures to ignore.

        Args:
            review: the folder of the outbox.
            settler: of these folders alone, since its keys are file names.
            clock: reads the time.
            refused: called for folders that people made and that cannot be listed.
        """
        self._review = review
        self._settler = settler
        self._clock = clock
        self._refused = refused
        self._strange: dict[str, ListedFile] = {}
        """Files that belong to no row; only files that are still there."""
        self._odd: set[str] = set()
        """Folders that are no labels and were logged; only folders that are still there."""

    def ready(self) -> list[str]:
        """Return the pictures that may be read, as FOLDER/NAME; make missing folders.

        Raises:
            OSError: `review/` or a folder that the worker makes cannot be listed, or not made.
        """
        now = self._clock()
        ready, strange = [], {}
        for folder in (*MADE, *self._made_by_people()):
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

    def _made_by_people(self) -> list[str]:
        """Return the labels made by people, sorted; log each odd folder once."""
        with os.scandir(self._review) as entries:
            names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        odd = set(filter(is_odd, names))
        for folder in sorted(odd - self._odd):
            logger.warning(
                "a person made review/%s, %s; its pictures stay where they are",
                escape(folder),
                ODD,
            )
        self._odd = odd
        return sorted(filter(is_label, names.difference(MADE)))

    def _listed(self, folder: str) -> Iterator[ListedFile]:
        try:
            yield from listing(self._review / folder)
        except FileNotFoundError:
            if folder in MADE:
                (self._review / folder).mkdir(exist_ok=True)
        except OSError as error:
            if folder in MADE:
                raise
            self._refused(folder, error)

    def due(self) -> float:
        """Return the seconds until another picture may be ready."""
        return self._settler.due(self._clock())

    def pass_over(self, name: str) -> bool:
        """Ignore a picture until it changes; return False if it is gone."""
        found = find_drop(self._review, name)
        if found:
            self._strange[name] = found
        return found is not None
