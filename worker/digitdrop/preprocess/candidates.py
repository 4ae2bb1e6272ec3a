"""Dark ink on light paper -> the frames that it may show, each with a prior."""

from collections.abc import Iterator

import cv2
import numpy as np

from digitdrop.preprocess.background import even, is_shadow, uneven
from digitdrop.preprocess.components import ALONG_EDGE, Marks, groups, marked, pieces, without
from digitdrop.preprocess.histogram import Tones, histogram, quantiles
from digitdrop.preprocess.line_removal import LEAST as CROP
from digitdrop.preprocess.line_removal import bold, unruled
from digitdrop.preprocess.mnist_frame import FRAME_SIDE, narrowed, to_frame
from digitdrop.values import Frame, Grey, Ink

CONTRAST = 10
"""Grey levels between ink and paper; with less contrast nothing is visible."""
LEAST_PRIOR = 0.02
"""Candidates with a smaller prior than this are not worth the time."""
SHADED = 0.6
"""Prior that a dark area beside even paper is a shadow."""
SMOOTH_LIGHT = 0.75
"""Prior that uneven light falls off smoothly, rather than at the edge of a shadow."""
PALE = 70
"""In uneven light, weaker ink than this, of 255, lowers the prior, by the square. On synthetic
pictures the median strength of digits is 152, the tenth percentile 58; on those of nothing, 15."""
SOFT = 0.03
"""Width of the soft edge of a stroke, as a share of the digit's size."""
BOLD = 0.5
"""Prior that only ink darker than the print is writing."""
STRETCHED = 0.65
"""Prior that ink which fills an exact square was stretched into it."""

Weighted = tuple[float, Frame]
RankedFrame = tuple[float, int, Frame]
"""Prior, strength of the ink (1-255), and the frame."""


def candidates(grey: Grey, split: Tones, prior: float) -> Iterator[Weighted]:
    """Yield the frames that a picture may show if its ink is the darker part.

    Args:
        grey: the picture.
        split: its tones.
        prior: prior that the ink is the darker part; the frames share it, and those with a
            smaller share than `LEAST_PRIOR` are left out.

    Yields:
        Prior and frame of each candidate; nothing on blank paper.
    """
    if split.light_is_even:
        ink = even(grey, split)
        shaded = is_shadow(ink > split.light - split.threshold)
        yield from (
            (its, frame) for its, _, frame in _lined(ink, (1 - SHADED if shaded else 1) * prior)
        )
        if not shaded:
            return
        prior *= SHADED
    smooth, sharp = uneven(grey)
    found = list(_lined(smooth, SMOOTH_LIGHT * prior))
    if found:  # else it is blank paper, of which the other estimate would show the grain
        found += _lined(sharp, (1 - SMOOTH_LIGHT) * prior)
    yield from ((its * min(1.0, ink / PALE) ** 2, frame) for its, ink, frame in found)


def _lined(ink: Ink, prior: float) -> Iterator[RankedFrame]:
    """Yield the frames of ink, with and without possible print."""
    if ink.max() < CONTRAST or prior < LEAST_PRIOR:
        return
    marks = marked(ink)
    writing = bold(marks.mask, ink) if max(ink.shape) > FRAME_SIDE else None
    if writing is not None:
        yield from _bordered(pieces(writing, ink, marks.faint), ink, BOLD * prior)
        prior *= 1 - BOLD
    plain, lines = unruled(marks.mask)
    share = 0.0 if not lines else 0.5 if lines == 1 else 0.85
    if lines:
        rest = ink * (marks.mask <= plain)
        yield from _bordered(pieces(plain, rest, marks.faint), rest, share * prior)
    yield from _bordered(marks, ink, (1 - share) * prior)


def _bordered(marks: Marks, ink: Ink, prior: float) -> Iterator[RankedFrame]:
    """Yield the frames of marks, with and without those along the picture's border."""
    if not len(marks.mass) or _is_grain(marks):
        return
    along = marks.contact > ALONG_EDGE
    if along.any():
        inner = without(ink, marks, along)
        inside = marked(inner)
        if inner.max() >= CONTRAST and _counts(inside, marks):
            # In a small crop even a digit may run along the border.
            share = 0.8 if max(ink.shape) >= CROP else 0.15
            yield from _grouped(inside, inner, share * prior)
            yield from _grouped(marks, ink, (1 - share) * prior)
            return
    yield from _grouped(marks, ink, prior)


def _is_grain(marks: Marks) -> bool:
    """Return True for the grain of the paper: many small marks of which none stands out."""
    main = int(marks.score.argmax())
    small = max(marks.boxes[main, 2:]) < 0.15 * max(marks.labels.shape)
    return bool(len(marks.mass) >= 8 and small and marks.mass[main] < 0.35 * marks.mass.sum())


def _counts(inside: Marks, marks: Marks) -> bool:
    """Return True if the marks inside are more than crumbs of those along the border."""
    if not len(inside.mass):
        return False
    main = int(inside.score.argmax())
    tall = max(inside.boxes[main, 2:]) >= 0.1 * max(marks.labels.shape)
    return bool(tall and inside.mass[main] >= 0.02 * marks.mass.sum())


def _grouped(marks: Marks, ink: Ink, prior: float) -> Iterator[RankedFrame]:
    """Yield the frame of the likeliest group of marks, and that of all groups together."""
    if prior < LEAST_PRIOR:
        return
    sets = groups(marks)
    if len(sets) == 1:
        if _is_stretched(ink, marks, sets[0]):
            yield STRETCHED * prior, 255, to_frame(narrowed(ink))
            prior *= 1 - STRETCHED
        yield prior, *_frame(ink, marks, sets[0])
        return
    # Two pieces of like size are a number; one large and a small one, a digit and dirt.
    together = 0.75 if _are_alike(marks, sets[0], sets[1]) else 0.2
    yield (1 - together) * prior, *_frame(ink, marks, sets[0])
    yield together * prior, *_frame(ink, marks, [piece for group in sets for piece in group])


def _is_stretched(ink: Ink, marks: Marks, group: list[int]) -> bool:
    """Return True if ink touches all four sides of an exact square, as digits seldom do."""
    height, width = ink.shape
    return height == width and _box(marks, group)[2:] == (width, height)


def _are_alike(marks: Marks, one: list[int], other: list[int]) -> bool:
    tall = [float(_box(marks, group)[3]) for group in (one, other)]
    mass = [float(marks.mass[group].sum()) for group in (one, other)]
    return 0.5 <= tall[0] / tall[1] <= 2 and mass[1] >= 0.15 * mass[0]


def _box(marks: Marks, group: list[int]) -> tuple[int, int, int, int]:
    boxes = marks.boxes[group]
    if len(boxes) == 1:
        left, top, width, height = boxes[0].tolist()
        return left, top, width, height
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    return int(left), int(top), int(right - left), int(bottom - top)


def _frame(ink: Ink, marks: Marks, group: list[int]) -> tuple[int, Frame]:
    """Return the strength of some marks' ink, and their frame."""
    left, top, width, height = _box(marks, group)
    # MNIST's boxes hold the faintest edges of the strokes.
    soft = max(1, round(SOFT * max(width, height)))
    inside = (
        slice(max(0, top - soft), top + height + soft),
        slice(max(0, left - soft), left + width + soft),
    )
    chosen = marks.of(group, inside)
    brush = np.ones((2 * soft + 1, 2 * soft + 1), np.uint8)
    around = cv2.dilate(chosen.view(np.uint8), brush) > 0
    near = around & (ink[inside] > marks.faint) | chosen
    cut = ink[inside] * near
    peak = max(1, int(quantiles(histogram(cut[chosen]), _FULL)))
    left, top, width, height = cv2.boundingRect(near.view(np.uint8))
    tight = cut[top : top + height, left : left + width]
    return peak, to_frame(np.asarray(cv2.convertScaleAbs(tight, alpha=255 / peak), np.uint8))


_FULL = np.array(0.8)
"""Ink stronger than this share of all ink is drawn at full strength."""
