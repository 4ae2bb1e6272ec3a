"""The row that a corrected picture belongs to: by its digest, and by its name among several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from digitdrop.intake.claim_names import ROW_ID
from digitdrop.outbox.index import LabelIndex
from digitdrop.outbox.row import Row
from digitdrop.outbox.rows import correction_chains
from digitdrop.values import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A picture that a person moved into a folder of `review/`."""

    id: str
    """Id of its future row."""
    name: str
    """Its path below that folder."""
    sha256: str


def match(pictures: Sequence[Moved], rows: Mapping[str, Row]) -> dict[str, str]:
    """Find the row that each picture corrects: the last row of a chain.

    Among several rows with the digest of the picture, the row whose id is in the picture's
    name comes first, then a row of the same name, then any row; rows without a correction come
    before others. A second copy of a picture corrects the correction by the first copy.

    Args:
        pictures: no id twice.
        rows: all rows with the digests of the pictures, and all rows without a digest.

    Returns:
        Ids of corrected rows by picture id, in an order in which no correction is about a
        later one. A picture without a row is left out.
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
    """Index the last row of each chain; also return the last row for every row."""
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
    """Yield labels of the picture's row, the surest first; the same number for each picture."""
    base = PurePosixPath(picture.name).name
    named = ROW_ID.search(base)
    last = last_of.get(named[0], "") if named else ""
    for digest in (picture.sha256, ""):  # the row of a picture that was too large has no digest
        yield "id", last, digest
        yield "name", picture.name, digest
        yield "base", base, digest
        yield "content", digest
