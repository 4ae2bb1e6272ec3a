"""Ink -> the marks on the paper, and which of them belong together. A part of `glyph`."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from worker.paper import Levels, noise

SPECK = 0.02
"""A mark with less than this share of the main one's ink is dirt."""
NEAR = 0.2
"""Marks closer than this share of the main one's size belong to it: broken strokes."""

Mask = npt.NDArray[np.uint8]
"""Shape (height, width): 255 on the marks, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Connected pieces of ink; piece i has label i + 1."""

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    """Shape (pieces, 4): left, top, width, height."""
    mass: npt.NDArray[np.float64]
    """Ink in each piece, in grey levels times pixels."""
    score: npt.NDArray[np.float64]
    """`mass`, less where a piece looks like the edge of the paper."""


def separated(ink: Levels, share: float) -> Mask:
    """Mark what is ink: strong enough itself, or joined to what is.

    Args:
        ink: how much darker than paper.
        share: of the strong ink's level, from which joined pixels count.
    """
    sigma = noise(ink)
    top = np.minimum(ink, np.percentile(ink, 99.8) + 1)
    scaled = (top * (255 / top.max())).astype(np.uint8)
    strong, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    strong = max(strong * float(top.max()) / 255, 3.5 * sigma, 6.0)
    weak = max(share * strong, 2.5 * sigma, 4.0)
    count, labels = cv2.connectedComponents((ink > weak).astype(np.uint8), connectivity=8)
    holds = np.zeros(count, np.uint8)
    holds[labels[ink > strong]] = 255
    holds[0] = 0
    mask: Mask = holds[labels]
    return mask


def pieces(mask: Mask, ink: Levels) -> Marks:
    """Find the connected pieces of a mask and weigh each."""
    height, width = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = np.asarray(stats[1:, :4], np.int32)
    mass = np.bincount(labels.ravel(), ink.ravel(), count)[1:].astype(np.float64)
    left, top, wide, high = boxes.T
    edges = (left == 0).astype(int) + (top == 0) + (left + wide == width) + (top + high == height)
    off_x = np.abs(left + wide / 2 - width / 2) / width
    off_y = np.abs(top + high / 2 - height / 2) / height
    central = 1 - 0.9 * np.maximum(off_x, off_y)
    score = mass * central * np.where(edges == 0, 1.0, 0.5)
    return Marks(labels=np.asarray(labels, np.int32), boxes=boxes, mass=mass, score=score)


def groups(marks: Marks) -> list[list[int]]:
    """Put pieces together that lie close, the most likely group first."""
    left = [i for i in np.argsort(-marks.score) if marks.mass[i] >= SPECK * marks.mass.max()]
    found: list[list[int]] = []
    while left and len(found) < 12:
        main = left.pop(0)
        group = [int(main)]
        reach = NEAR * float(max(marks.boxes[main][2:]))
        grew = True
        while grew:
            near = [i for i in left if _gap(marks.boxes[i], marks.boxes[group]) <= reach]
            left = [i for i in left if i not in near]
            group += [int(i) for i in near]
            grew = bool(near)
        found.append(group)
    return found


def _gap(box: npt.NDArray[np.int32], others: npt.NDArray[np.int32]) -> float:
    right, bottom = box[0] + box[2], box[1] + box[3]
    x = np.maximum(others[:, 0] - right, box[0] - others[:, 0] - others[:, 2])
    y = np.maximum(others[:, 1] - bottom, box[1] - others[:, 1] - others[:, 3])
    return float(np.maximum(np.maximum(x, y), 0).min())
