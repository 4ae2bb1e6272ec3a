"""Ink -> the marks on the paper, and which of them belong together. A part of `glyph`."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from worker.paper import Ink, histogram, quantile

SPECK = 0.02
"""A mark with less than this share of the main one's ink is dirt."""
NEAR = 0.2
"""Marks closer than this share of the main one's size belong to it: broken strokes."""
MANY = 40
"""Smaller marks than the largest so many are left out: texture has thousands."""
ALONG_EDGE = 0.35
"""A mark that touches the picture's border over this share of its size is no writing,
but where the sheet ends, or a finger."""

Mask = npt.NDArray[np.uint8]
"""Shape (height, width): 1 on the marks, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Connected pieces of ink; piece i has label i + 1."""

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    """Shape (pieces, 4): left, top, width, height."""
    mass: npt.NDArray[np.float64]
    """Ink in each piece, in grey levels times pixels."""
    contact: npt.NDArray[np.float64]
    """Pixels on the picture's border over the piece's longer side."""
    score: npt.NDArray[np.float64]
    """`mass`, less for what lies off the middle or along the border."""


def separated(ink: Ink) -> Mask:
    """Mark what is ink: strong enough itself, or joined to what is."""
    counts = histogram(ink)
    capped = np.minimum(ink, max(1, quantile(counts, 0.998)))
    otsu = cv2.threshold(capped, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    # Noise lightens paper as often as it darkens it, and what is lighter is 0 here:
    # 84 of 100 points lie below one standard deviation.
    sigma = quantile(counts[: int(otsu) + 1], 0.84)
    strong = max(otsu, 3.5 * sigma, 6.0)
    weak = max(0.5 * otsu, 2.5 * sigma, 4.0)
    count, labels = cv2.connectedComponents((ink > weak).view(np.uint8), connectivity=8)
    holds = np.zeros(count, np.uint8)
    holds[labels[ink > strong]] = 1
    holds[0] = 0
    mask: Mask = holds[labels]
    return mask


def pieces(mask: Mask, ink: Ink) -> Marks:
    """Find the connected pieces of a mask and weigh each."""
    height, width = mask.shape
    count, found, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    labels, boxes = np.asarray(found, np.int32), np.asarray(stats[1:, :4], np.int32)
    mass = np.bincount(labels.ravel(), ink.ravel(), count)[1:].astype(np.float64)
    rim = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    left, top, wide, high = boxes.T
    contact = np.bincount(rim, minlength=count)[1:] / np.maximum(wide, high)
    off_x = np.abs(left + wide / 2 - width / 2) / width
    off_y = np.abs(top + high / 2 - height / 2) / height
    score = mass * (1 - 0.9 * np.maximum(off_x, off_y)) * np.exp(-3 * contact)
    return Marks(labels=labels, boxes=boxes, mass=mass, contact=contact, score=score)


def groups(marks: Marks) -> list[list[int]]:
    """Put pieces together that lie close, the most likely group first."""
    left = [int(i) for i in np.argsort(-marks.score)[:MANY]]
    found: list[list[int]] = []
    while left:
        main = left.pop(0)
        if found and marks.mass[main] < SPECK * marks.mass[found[0]].max():
            continue
        group = [main]
        reach = NEAR * float(max(marks.boxes[main][2:]))
        least = SPECK * marks.mass[main]
        grew = True
        while grew:
            near = [
                i
                for i in left
                if marks.mass[i] >= least and _gap(marks.boxes[i], marks.boxes[group]) <= reach
            ]
            left = [i for i in left if i not in near]
            group += near
            grew = bool(near)
        found.append(group)
    return found


def _gap(box: npt.NDArray[np.int32], others: npt.NDArray[np.int32]) -> float:
    right, bottom = box[0] + box[2], box[1] + box[3]
    x = np.maximum(others[:, 0] - right, box[0] - others[:, 0] - others[:, 2])
    y = np.maximum(others[:, 1] - bottom, box[1] - others[:, 1] - others[:, 3])
    return float(np.maximum(np.maximum(x, y), 0).min())


def without(mask: Mask, ink: Ink, marks: Marks, unwanted: npt.NDArray[np.bool_]) -> Ink:
    """Return the ink without some pieces and their soft edges."""
    gone = np.concatenate([[False], unwanted])[marks.labels].view(np.uint8)
    brush = np.ones((5, 5), np.uint8)
    return np.where((cv2.dilate(gone, brush) > 0) & ((mask == 0) | (gone > 0)), 0, ink).astype(
        np.uint8
    )
