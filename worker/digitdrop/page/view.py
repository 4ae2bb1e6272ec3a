"""What the template shows: every text that it needs, ready to be read by people."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote

from digitdrop.escape import printable, unescape
from digitdrop.page.tally import Entry
from digitdrop.page.thumbnails import Thumbnail, Thumbnails
from digitdrop.values import Status

LABELS: Final[Mapping[str, str]] = {
    Status.OK: "read",
    Status.UNCERTAIN: "uncertain",
    Status.NOT_A_DIGIT: "not a digit",
    Status.SEVERAL: "several digits",
    Status.BLANK: "blank",
    Status.UNREADABLE: "unreadable",
    Status.CORRECTED: "corrected",
}
"""What people call a status."""

_HARMLESS: Final = {
    ".png", ".jpg", ".jpeg", ".jpe", ".gif", ".bmp", ".tif", ".tiff", ".webp",
    ".pbm", ".pgm", ".ppm", ".pnm",
}  # fmt: skip
"""Suffixes by which a browser shows or saves a file. By others it may run it: nobody vouches
for what is dropped as `page.html` or `drawing.svg`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row, as people see it."""

    id: str
    status: str
    number: str | None
    percent: float | None
    """Confidence."""
    second: str
    """The second choice, in words; empty without one, or where it does not matter."""
    reason: str
    name: str
    day: str
    """ISO 8601, in UTC: what its folder is called."""
    clock: str
    moment: str
    """ISO 8601, to the millisecond."""
    place: str
    """The folder of the outbox where the picture lies, and its name if it got another one
    there; empty if it is not there any more."""
    link: str
    """The picture's address, or its folder's where a browser might run it; else empty."""
    is_picture: bool
    """Whether the address is the picture's own."""
    thumbnail: Thumbnail | None
    put_right: str
    """What a person said that it shows; empty if nobody did."""

    @property
    def group(self) -> str:
        """Name the choice of numbers that shows it: a digit, `longer` or `none`."""
        if self.number is None:
            return "none"
        return self.number if len(self.number) == 1 else "longer"

    @property
    def label(self) -> str:
        """Give the status in words."""
        return LABELS[self.status]


class Viewer:
    """Turns rows into what the page shows of them."""

    def __init__(
        self, *, outbox: Path, output: Path, paths: Mapping[str, Path], thumbnails: Thumbnails
    ) -> None:
        """Take what was found and made.

        Args:
            outbox: the folder with the shelves.
            output: the page; addresses are relative to its folder.
            paths: where pictures lie, by id.
            thumbnails: some of them.
        """
        self._outbox = outbox
        self._base = _base(outbox, output)
        self._paths = paths
        self._thumbnails = thumbnails

    def items(self, entries: list[Entry], corrections: Mapping[str, str]) -> list[Item]:
        """View rows, in their order."""
        return [self._item(entry, corrections.get(entry.id, "")) for entry in entries]

    def _item(self, entry: Entry, put_right: str) -> Item:
        row, moment = entry.row, entry.time.astimezone(UTC)
        path = self._paths.get(entry.id)
        place = path.relative_to(self._outbox) if path else None
        is_picture = place is not None and place.suffix.lower() in _HARMLESS
        target = place if is_picture or place is None else place.parent
        unsure = row.status is Status.UNCERTAIN and row.runner_up is not None
        return Item(
            id=entry.id,
            status=row.status,
            number=row.prediction,
            percent=None if row.confidence is None else round(100 * row.confidence, 1),
            second=f"or {row.runner_up}" if unsure else "",
            reason=printable(unescape(row.reason)),
            name=printable(unescape(row.file)),
            day=f"{moment:%Y-%m-%d}",
            clock=f"{moment:%H:%M:%S}",
            moment=moment.isoformat(timespec="milliseconds"),
            place=_told(place, row.name) if place else "",
            link=self._base + _address(target) if target else "",
            is_picture=is_picture,
            thumbnail=self._thumbnails.of(entry.id),
            put_right=put_right,
        )


def corrections(entries: list[Entry]) -> dict[str, str]:
    """Say of the rows that a person put right what the person said, by their ids."""
    return {
        entry.row.corrects: entry.row.prediction or "no single number"
        for entry in reversed(entries)
        if entry.row.corrects
    }


def _told(place: Path, name: str) -> str:
    kept_its_name = place.name == PurePath(name).name
    return printable((place.parent if kept_its_name else place).as_posix())


def _base(outbox: Path, output: Path) -> str:
    """Give the address of the outbox as seen from the page, with its last slash or empty."""
    try:
        way = os.path.relpath(outbox.resolve(), output.resolve().parent)
    except ValueError:  # another drive, on Windows
        return f"{outbox.resolve().as_uri()}/"
    return "" if way == os.curdir else f"{_address(Path(way))}/"


def _address(path: Path) -> str:
    """Write a relative path so that nothing in it is taken for a scheme, a query or markup."""
    return quote(os.fsencode(path.as_posix()), safe="/")
