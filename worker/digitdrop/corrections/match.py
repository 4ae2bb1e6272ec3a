"""Which row does a picture belong to? By its content, and by its name where several have that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from digitdrop.intake.claim_names import ROW_ID
from digitdrop.outbox.chains import correction_chains
from digitdrop.outbox.index import LabelIndex
from digitdrop.outbox.row import Row
from digitdrop.values import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A picture that a person moved into a folder named by what it shows."""

    id: str
    """Of the row that will say so."""
    name: str
    """Its path below that folder."""
    sha256: str


def match(pictures: Sequence[Moved], rows: Mapping[str, Row]) -> dict[str, str]:
    """Find the row that each picture's correction is about: the last of its chain.

    Of several rows of the same content it is the one whose id is in the picture's name,
    else the one of the same name, else any; one that nobody corrected yet before others. A
    second copy of a picture corrects the correction that the first one made.

    Args:
        pictures: no id twice.
        rows: all rows with their contents, and those that tell none.

    Returns:
        The id of the row by the id of the picture's, in an order in which none is about a
        later one; a picture without a row is left out.
    """
    loose, last_of = _loose(rows)
    found: dict[str, str] = {}
    latest: dict[str, str] = {}
    for labels in zip(*(_labels(picture, last_of) for picture in pictures), strict=True):
        for picture, label in zip(pictures, labels, strict=True):
            if picture.id not in found and (last := loose.take(*label)):
                found[picture.id] = last
                latest[picture.sha256] = picture.id
    for picture in pictures:
        if picture.id not in found and picture.sha256 in latest:
            found[picture.id] = latest[picture.sha256]
            latest[picture.sha256] = picture.id
    return found


def _loose(rows: Mapping[str, Row]) -> tuple[LabelIndex[str], dict[str, str]]:
    """Label the last row of each chain, and say which it is for every row."""
    loose: LabelIndex[str] = LabelIndex()
    last_of: dict[str, str] = {}
    groups = correction_chains(rows)
    groups.sort(key=lambda group: rows[group[-1]].status is not Status.CORRECTED)
    for group in groups:
        last = group[-1]
        labels: set[tuple[str, ...]] = set()
        for row in (rows[row_id] for row_id in group):
            base = PurePosixPath(row.name).name
            labels |= {
                ("id", last, row.sha256),
                ("name", row.name, row.sha256),
                ("base", base, row.sha256),
            }
            if row.sha256:
                labels.add(("content", row.sha256))
        loose.add(last, labels)
        last_of.update(dict.fromkeys(group, last))
    return loose, last_of


def _labels(picture: Moved, last_of: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Give the labels that its row may have, the surest first; as many for each picture."""
    base = PurePosixPath(picture.name).name
    named = ROW_ID.search(base)
    last = last_of.get(named[0], "") if named else ""
    for digest in (picture.sha256, ""):  # the row of a picture that was too large tells none
        yield "id", last, digest
        yield "name", picture.name, digest
        yield "base", base, digest
        yield "content", digest
