"""The folders of `review/` that say what a picture shows, and which pictures in them are ready."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from digitdrop.escape import escape
from digitdrop.files.tree import Refused
from digitdrop.intake import ignore
from digitdrop.intake.listing import Found, find, listing
from digitdrop.intake.settle import Now, Settler
from digitdrop.outbox.archive import is_day
from digitdrop.values import MOST_DIGITS, is_number

logger = logging.getLogger(__name__)

NO_NUMBER: Final = "none"
"""The folder of `review/` for what shows no number, or more than one."""
MADE: Final = (*map(str, range(10)), NO_NUMBER)
"""The folders of `review/` that the worker makes; a person makes those of longer numbers."""


def is_label(folder: str) -> bool:
    """Say whether a folder of this name in `review/` says what its pictures show.

    >>> [is_label(name) for name in ("7", "0042", "none", "abc", "4 2", "2026-12-01")]
    [True, True, True, False, False, False]
    """
    return folder == NO_NUMBER or is_number(folder)


def said_by(folder: str) -> str | None:
    """Return the number that a label says; None for `none`."""
    return None if folder == NO_NUMBER else folder


def folder_of(prediction: str | None) -> str:
    """Return the label for a number, or for none."""
    return prediction or NO_NUMBER


def is_odd(folder: str) -> bool:
    """Say whether a folder in `review/` is a person's, and says nothing of its pictures."""
    return not (is_label(folder) or is_day(folder) or ignore.is_foreign(folder))


ODD: Final = (
    f"which is no label: expected a whole number of up to {MOST_DIGITS} digits, as in review/7 "
    f"or review/0042, or review/{NO_NUMBER}"
)
"""Completes a line about a folder for which `is_odd` holds."""


class Folders:
    """Lists them, and passes over what was found to belong to no row."""

    def __init__(
        self, review: Path, settler: Settler, clock: Callable[[], Now], refused: Refused
    ) -> None:
        """Begin with nothing to pass over.

        Args:
            review: the folder of the outbox.
            settler: its own, since it tells files apart by name.
            clock: tells the time.
            refused: told of folders that people made and that cannot be listed.
        """
        self._review = review
        self._settler = settler
        self._clock = clock
        self._refused = refused
        self._strange: dict[str, Found] = {}
        """Files that belong to no row; no more than lie there."""
        self._odd: set[str] = set()
        """Folders that are no labels, and of which the log has told; no more than lie there."""

    def ready(self) -> list[str]:
        """Name the pictures that may be read, as FOLDER/NAME; make folders that are missing.

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
        """Name the other labels, in order; tell once of each folder that is none."""
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

    def _listed(self, folder: str) -> Iterator[Found]:
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
        """Say in how many seconds another picture may be ready."""
        return self._settler.due(self._clock())

    def pass_over(self, name: str) -> bool:
        """Leave a picture alone until it changes; False if it is not there any more."""
        found = find(self._review, name)
        if found:
            self._strange[name] = found
        return found is not None
