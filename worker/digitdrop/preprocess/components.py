"""Ink -> the marks on the paper, in groups that belong together."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.histogram import histogram, quantiles
from digitdrop.values import Ink

_SPECK = 0.02
"""A mark with less than this share of the main one's ink is dirt."""
_NEAR = 0.2
"""Marks closer than this share of the main one's size belong to it: broken strokes."""
_FAINT = 0.12
"""Ink weaker than this share of the threshold between ink and paper is ignored."""
MANY = 40
"""At most this many marks are kept, those with the highest scores: texture has thousands."""
ALONG_EDGE = 0.35
"""A mark that touches the picture's border over this share of its size is no writing, but the
end of the sheet, or a finger."""

Mask = npt.NDArray[np.uint8]
"""Shape (height, width): 1 on the marks, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Connected pieces of ink, perhaps none; piece i has label i + 1."""

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    """Shape (pieces, 4): left, top, width, height."""
    mass: npt.NDArray[np.float64]
    """Ink in each piece, in grey levels times pixels."""
    contact: npt.NDArray[np.float64]
    """Pixels on the picture's border over the piece's longer side."""
    faint: float
    """Ink stronger than this, in grey levels, is no noise of the paper."""
    score: npt.NDArray[np.float64]
    """`mass`, reduced for pieces off the middle or along the border."""

    @property
    def mask(self) -> Mask:
        """1 on the marks, else 0."""
        return (self.labels > 0).view(np.uint8)

    def of(self, group: list[int], inside: tuple[slice, slice]) -> npt.NDArray[np.bool_]:
        """Return the mask of some pieces.

        Args:
            group: numbers of the pieces.
            inside: the part of the picture, as rows and columns.

        Returns:
            True on the pieces; of that part's shape.
        """
        labels = self.labels[inside]
        if len(group) == 1:  # the usual case; a table would take ten times as long
            return np.asarray(labels == group[0] + 1, np.bool_)
        keep = np.zeros(len(self.boxes) + 1, np.bool_)
        keep[np.array(group) + 1] = True
        return np.asarray(keep.take(labels), np.bool_)


def marked(ink: Ink) -> Marks:
    """Find the marks: pieces of weak ink that hold a point of strong ink."""
    counts = histogram(ink)
    capped = np.minimum(ink, max(1, int(quantiles(counts, _TOP))))
    otsu = cv2.threshold(capped, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    # Noise lightens paper as often as it darkens it, and lighter points are 0 here:
    # 84 of 100 points lie below one standard deviation.
    sigma = float(quantiles(counts[: int(otsu) + 1], _SIGMA))
    strong = max(otsu, 3.5 * sigma, 6.0)
    weak = max(0.5 * otsu, 2.5 * sigma, 4.0)
    labels, boxes = _connected((ink > weak).view(np.uint8))
    if len(boxes) > 1 or ink.max() <= strong:
        labels, boxes = _holding(ink > strong, labels, boxes)
    faint = max(3 * sigma, _FAINT * otsu, 3.0)
    return _weighed(labels, boxes, ink, faint)


def _holding(
    wanted: npt.NDArray[np.bool_], labels: npt.NDArray[np.int32], boxes: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the pieces that hold any of the wanted points."""
    holds = np.bincount(labels[wanted], minlength=len(boxes) + 1) > 0
    holds[0] = False
    if holds[1:].all():
        return labels, boxes
    number = np.where(holds, np.cumsum(holds), 0).astype(np.int32)
    return number.take(labels), boxes[holds[1:]]


_TOP, _SIGMA = np.array(0.998), np.array(0.84)


def pieces(mask: Mask, ink: Ink, faint: float) -> Marks:
    """Return the connected pieces of a mask."""
    return _weighed(*_connected(mask), ink, faint)


def _connected(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    # Only within the marks' box: most of a picture is paper, and its statistics cost the most.
    left, top, width, height = cv2.boundingRect(mask)
    labels = np.zeros(mask.shape, np.int32)
    if not width:
        return labels, np.empty((0, 4), np.int32)
    inside = slice(top, top + height), slice(left, left + width)
    _, labels[inside], stats, _ = cv2.connectedComponentsWithStats(mask[inside], connectivity=8)
    return labels, np.asarray(stats[1:, :4] + (left, top, 0, 0), np.int32)


def _weighed(
    labels: npt.NDArray[np.int32], boxes: npt.NDArray[np.int32], ink: Ink, faint: float
) -> Marks:
    height, width = labels.shape
    count = len(boxes) + 1
    inside = _around(boxes)  # most of a picture is paper
    if len(boxes) == 1:  # the usual case; one sum takes a quarter of the time of a table's
        mass = np.array([cv2.sumElems(ink[inside] * (labels[inside] > 0))[0]])
    else:
        sums = np.bincount(labels[inside].ravel(), ink[inside].ravel(), count)
        mass = sums[1:].astype(np.float64)
    rim = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    left, top, wide, high = boxes.T
    contact = np.bincount(rim, minlength=count)[1:] / np.maximum(wide, high)
    off_x = np.abs(left + wide / 2 - width / 2) / width
    off_y = np.abs(top + high / 2 - height / 2) / height
    score = mass * (1 - 0.9 * np.maximum(off_x, off_y)) * np.exp(-3 * contact)
    return Marks(labels=labels, boxes=boxes, mass=mass, contact=contact, faint=faint, score=score)


def _around(boxes: npt.NDArray[np.int32]) -> tuple[slice, slice]:
    """Return the part of the picture, as rows and columns, that holds all pieces."""
    if not len(boxes):
        return slice(0), slice(0)
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    return slice(top, bottom), slice(left, right)


def groups(marks: Marks) -> list[list[int]]:
    """Return the groups of pieces that lie close together, the most likely group first."""
    if len(marks.score) == 1:
        return [[0]]
    order = np.argsort(-marks.score)[:MANY]
    gap = _gaps(marks.boxes[order])
    mass = marks.mass[order]
    size = marks.boxes[order, 2:].max(axis=1)
    free = mass >= _SPECK * mass[0]
    found: list[list[int]] = []
    while free.any():
        main = int(free.argmax())
        group = np.zeros(len(order), bool)
        grown = np.arange(len(order)) == main
        while (grown & ~group).any():
            group |= grown
            grown = free & (mass >= _SPECK * mass[main])
            grown &= (gap[group] <= _NEAR * size[main]).any(axis=0)
        free &= ~group
        found.append([int(piece) for piece in order[group]])
    return found


def _gaps(boxes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the distances between boxes, in pixels; shape (boxes, boxes)."""
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    apart = np.maximum(start[:, None] - end[None], start[None] - end[:, None])
    gaps: npt.NDArray[np.int32] = np.maximum(apart, 0).max(axis=2)
    return gaps


def without(ink: Ink, marks: Marks, unwanted: npt.NDArray[np.bool_]) -> Ink:
    """Return the ink without some pieces and their soft edges."""
    gone = np.concatenate([[False], unwanted]).take(marks.labels)
    near = cv2.dilate(gone.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    kept: Ink = ink * ~(gone | (near & (marks.labels == 0)))
    return kept
