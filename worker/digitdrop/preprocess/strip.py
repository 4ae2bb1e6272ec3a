"""A grey picture -> the strips in which a number may stand: one line of writing, 40 pixels high.

A part of `normalise`. A strip keeps its surroundings, rules and boxes as well: to rub lines out
damages digits whose feet lie on one line, and the number reader has learned to read past them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.background import DIM
from digitdrop.preprocess.components import ALONG_EDGE, MANY, Marks, marked, pieces
from digitdrop.preprocess.histogram import Tones, histogram, quantiles, shrunk
from digitdrop.preprocess.line_removal import unruled
from digitdrop.values import Grey, Ink, Strip

HEIGHT = 40
"""Height of a strip in pixels; the writing takes about 30 of them."""
WIDTHS = (48, 80, 112, 144, 192, 256, 320)
"""Widths of strips in pixels; longer lines are squeezed into the last."""
CUT_SIDE = 1600
"""Pictures are reduced to this long side before strips are cut out of them ..."""
FIND_SIDE = 400
"""... and to this one to find the line of writing."""
COARSE = 100
"""Long side at which the paper is estimated, in pixels."""
FEWEST_LEVELS = 10
"""Grey levels between ink and paper, below which there is nothing to see."""
STROKE = 0.5
"""Strokes are thinner than this share of a line's height: what is wider is paper in shadow."""
MARGIN_Y, MARGIN_X = 0.14, 0.3
"""Paper left around the writing, as shares of its height."""
FULL_HEIGHT = 0.42
"""Writing at least this high, as a share of the picture, makes the picture a strip by itself."""
GAP = 2.2
"""Digits of one number stand no further apart than this many times their height."""
WIDE_DIGIT = 1.15
"""A single mark wider than this many times its height may be digits that touch."""
_NEARBY = 31
"""Side, in pixels of 96, of the neighbourhood that ink is darker than in uneven light."""
SMALLEST = 0.25
"""Least height of the highest mark, as a share of the picture; lower marks give no strip."""
LIKE = 0.45
"""Marks at least this high, as a share of the highest, may be digits beside it."""
BLACK = 0.4
"""A margin has less than this share of the paper's brightness: shadows have more ..."""
MARGIN = 0.8
"""... over this share of the rows and columns along the border: it is the edge of a book, or the
table beside the sheet."""
RIVAL = 0.45
"""Other writing with this share of the line's ink makes several lines."""
UNSURE = 0.1
"""Both polarities are looked at where the less likely one has at least this probability."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom lie outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of writing in a picture."""

    strips: tuple[Strip, ...] = ()
    """Of the one line that there is; else none."""
    several: bool = False
    """There are several lines, or groups of writing, of like weight."""


def may_be_number(grey: Grey, split: Tones, dark: float) -> bool:
    """Tell cheaply whether a picture may show more than one digit.

    Args:
        grey: the picture, of any size; 96 pixels of it are enough.
        split: its tones.
        dark: the probability that the ink is the darker part.
    """
    small = shrunk(grey, 96)
    if split.light_is_even:
        mask = (small <= split.threshold) == (dark >= 0.5)
    else:  # a shadow would hang together with the marks in it
        likelier = small if dark >= 0.5 else np.asarray(~small, np.uint8)
        local = cv2.blur(likelier, (_NEARBY, _NEARBY)).astype(np.int16)
        mask = likelier < local - abs(split.light - split.dark) / 4
    if _inner(small if dark >= 0.5 else np.asarray(~small, np.uint8)) != _whole(small):
        return True
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    left, top, wide, high, _ = stats[1:].T
    height, width = small.shape
    # The margin of a book, the frame of a cell or a rule hides what is beside it.
    across = (wide >= 0.9 * width) | (high >= 0.9 * height)
    at_border = (left == 0) | (top == 0) | (left + wide == width) | (top + high == height)
    inside = ~(across & at_border) if len(wide) > 1 else np.ones(len(wide), np.bool_)
    on_a_rule = (wide >= 0.9 * width) & (high > SMALLEST * height) & (high < 0.9 * height)
    if on_a_rule.any():
        return True
    wide, high = wide[inside], high[inside]
    if high.max(initial=0) < SMALLEST * height:  # the rest may hang together with the paper
        return True
    tall = high >= LIKE * high.max()
    return bool(tall.sum() > 1 or (wide > WIDE_DIGIT * high)[tall].any())


def lines(grey: Grey, dark: float) -> Lines:
    """Find the line of writing in a picture and cut strips of it.

    Args:
        grey: uint8 (height, width), 0 = black, 255 = white.
        dark: the probability that the ink is the darker part.

    Returns:
        At most three strips, the likeliest first; their priors sum to 1. None where nothing
        stands out, or where there are several lines.
    """
    work = shrunk(grey, CUT_SIDE)
    scale = grey.shape[1] / work.shape[1]
    likelier = work if dark >= 0.5 else np.asarray(~work, np.uint8)
    found, several = _of_side(likelier, max(dark, 1 - dark))
    if min(dark, 1 - dark) >= UNSURE and not several:
        found += _of_side(np.asarray(~likelier, np.uint8), min(dark, 1 - dark))[0][:1]
    total = sum(prior for prior, *_ in found)
    return Lines(
        strips=tuple(
            Strip(
                pixels=pixels,
                prior=prior / total,
                box=(
                    round(box[0] * scale),
                    round(box[1] * scale),
                    round((box[2] - box[0]) * scale),
                    round((box[3] - box[1]) * scale),
                ),
                width=width,
            )
            for prior, pixels, width, box in found
        ),
        several=several,
    )


_Found = tuple[float, npt.NDArray[np.uint8], int, Box]


def _whole(grey: Grey) -> Box:
    return 0, 0, grey.shape[1], grey.shape[0]


def _inner(grey: Grey) -> Box:
    """Cut dark margins off: return the box of the paper within them."""
    small = shrunk(grey, COARSE)
    dark = small < BLACK * int(quantiles(histogram(small), _PAPER))
    if not 0.05 < dark.mean() < 0.7:
        return _whole(grey)
    left, right = _lighter(dark.mean(axis=0))
    top, bottom = _lighter(dark[:, left:right].mean(axis=1))
    if (right - left) < 0.2 * small.shape[1] or (bottom - top) < 0.2 * small.shape[0]:
        return _whole(grey)
    scale = grey.shape[1] / small.shape[1]
    box = (left, top, right, bottom)
    if box == _whole(small):
        return _whole(grey)
    return round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)


def _lighter(shares: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return the first place, and the one past the last, between margins of two pixels or more."""
    light = np.flatnonzero(shares < MARGIN)
    if not len(light):
        return 0, len(shares)
    first, last = int(light[0]), int(light[-1]) + 1
    # The edge of a margin is soft.
    return (first + 1 if first > 1 else 0), (last - 1 if last < len(shares) - 1 else len(shares))


def _of_side(whole: Grey, likely: float) -> tuple[list[_Found], bool]:
    """Cut strips of dark ink; tell whether there are several lines."""
    inner = _inner(whole)
    found, several = _of_paper(whole[inner[1] : inner[3], inner[0] : inner[2]], likely)
    moved = [
        (prior, pixels, width, (x0 + inner[0], y0 + inner[1], x1 + inner[0], y1 + inner[1]))
        for prior, pixels, width, (x0, y0, x1, y1) in found
    ]
    return moved, several


def _of_paper(work: Grey, likely: float) -> tuple[list[_Found], bool]:
    small = shrunk(work, FIND_SIDE)
    located = _locate(small)
    if located is None:
        return [], False
    (left, top, right, bottom), several = located
    if several:
        return [], True
    scale = work.shape[1] / small.shape[1]
    whole = _whole(work)
    tall = bottom - top
    room_x, room_y = MARGIN_X * tall, MARGIN_Y * tall
    crop = (
        max(0, round((left - room_x) * scale)),
        max(0, round((top - room_y) * scale)),
        min(whole[2], round((right + room_x) * scale)),
        min(whole[3], round((bottom + room_y) * scale)),
    )
    found = []
    if tall < FULL_HEIGHT * small.shape[0]:
        boxes = [(likely, crop)]
    elif _area(crop) > 0.8 * _area(whole):
        boxes = [(likely, whole)]
    else:
        boxes = [(0.5 * likely, whole), (0.5 * likely, crop)]
    for prior, box in boxes:
        cut = _cut(work, box)
        if cut is not None:
            found.append((prior, *cut, box))
    return found, False


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _cut(work: Grey, box: Box) -> tuple[npt.NDArray[np.uint8], int] | None:
    """Scale a part of a picture to a strip; None where nothing stands out from the paper.

    Returns:
        The strip, and how many of its columns hold the part: the rest is bare paper.
    """
    left, top, right, bottom = box
    part = work[top:bottom, left:right]
    width = max(8, min(WIDTHS[-1], round(part.shape[1] * HEIGHT / part.shape[0])))
    method = cv2.INTER_AREA if part.shape[0] > HEIGHT else cv2.INTER_LINEAR
    sized = np.asarray(cv2.resize(part, (width, HEIGHT), interpolation=method), np.uint8)
    ink = _darker(sized, round(STROKE * HEIGHT))
    strip = _stretched(ink)
    if strip is None:
        return None
    bucket = next(size for size in WIDTHS if size >= width)
    return np.pad(strip, ((0, 0), (0, bucket - width))), width


def _darker(grey: Grey, reach: int) -> Ink:
    """Return how much darker each point is than the paper around it, 0-255.

    The paper is the lightest surface on which things narrower than `reach` pixels may lie.
    """
    scale = min(1.0, COARSE / max(grey.shape))
    coarse = grey
    if scale < 1 and reach * scale >= 5:
        coarse = shrunk(np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.uint8), COARSE)
        reach = round(reach * scale)
    side = reach | 1
    padded = cv2.copyMakeBorder(coarse, side, side, side, side, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    smooth = cv2.blur(closed, (side, side))[side:-side, side:-side]
    paper = np.maximum(smooth, DIM)
    if coarse is not grey:
        paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(255 - cv2.divide(np.minimum(grey, paper), paper, scale=255), np.uint8)


def _stretched(ink: Ink) -> Ink | None:
    """Take off the grain of the paper and scale the writing to full ink."""
    counts = histogram(ink)
    grain = int(quantiles(counts, _GRAIN))
    split = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    strong = np.where(np.arange(256) > split, counts, 0).astype(np.float32)
    full = int(quantiles(strong, _FULL)) - grain
    if full < FEWEST_LEVELS:
        return None
    return np.asarray(
        cv2.convertScaleAbs(cv2.subtract(ink, np.full_like(ink, grain)), alpha=255 / full),
        np.uint8,
    )


_GRAIN, _FULL, _PAPER = np.array(0.5), np.array(0.7), np.array(0.9)


def _locate(small: Grey) -> tuple[Box, bool] | None:
    """Find the box of the main line of dark writing, and tell whether there are other lines."""
    ink = _darker(small, round(max(0.35 * min(small.shape), 0.08 * max(small.shape))))
    grain = int(quantiles(histogram(ink), _GRAIN))
    ink = np.asarray(cv2.subtract(ink, np.full_like(ink, grain)), np.uint8)
    if ink.max() < FEWEST_LEVELS:
        return None
    marks = marked(ink)
    mask, count = unruled(marks.mask)
    if count:
        without = pieces(mask, ink, marks.faint)
        marks = without if len(without.mass) else marks
    kept = [index for index in _likeliest(marks) if _is_writing(marks, index)]
    if not kept:
        return None
    return _line(marks, kept)


def _likeliest(marks: Marks) -> Iterator[int]:
    yield from np.argsort(-marks.score)[:MANY].tolist()


def _is_writing(marks: Marks, index: int) -> bool:
    """Leave out the picture's frame, dark margins, and lines."""
    height, width = marks.labels.shape
    _, _, wide, high = marks.boxes[index].tolist()
    frame = wide > 0.9 * width and high > 0.9 * height and len(marks.mass) > 1
    margin = marks.contact[index] > ALONG_EDGE and (high > 0.7 * height or wide > 0.7 * width)
    line = wide > 10 * high or (high > 12 * wide and high > 0.8 * height)
    return not (frame or margin or line)


def _line(marks: Marks, kept: list[int]) -> tuple[Box, bool]:
    """Grow a line from its strongest mark over all that stand beside it."""
    boxes = {index: marks.boxes[index].tolist() for index in kept}
    seed = next((index for index in kept if boxes[index][2] <= 3 * boxes[index][3]), kept[0])
    left, top, wide, high = boxes[seed]
    right, bottom = left + wide, top + high
    members, waiting = [seed], [index for index in kept if index != seed]
    grown = True
    while grown:
        grown = False
        for index in list(waiting):
            x, y, w, h = boxes[index]
            tall = bottom - top
            shared = min(bottom, y + h) - max(top, y)
            apart = max(left - (x + w), x - right)
            if shared < 0.5 * min(h, tall) or h > 2.2 * tall:
                continue
            if apart > (GAP if h >= LIKE * tall else 0.8) * tall:
                continue
            left, right = min(left, x), max(right, x + w)
            if h >= LIKE * tall:
                top, bottom = min(top, y), max(bottom, y + h)
            members.append(index)
            waiting.remove(index)
            grown = True
    tallest = max(boxes[index][3] for index in members)
    digits = [index for index in members if boxes[index][3] >= LIKE * tallest]
    usual = float(np.median([boxes[index][3] for index in digits]))
    mass = float(np.median([marks.mass[index] for index in digits]))
    others = [
        index
        for index in waiting
        if 0.6 * usual <= boxes[index][3] <= 1.8 * usual
        and marks.mass[index] >= 0.4 * mass
        and marks.contact[index] < ALONG_EDGE
    ]
    total = sum(float(marks.mass[index]) for index in members)
    rival = sum(float(marks.mass[index]) for index in others) >= RIVAL * total
    # Beside a single mark, the others may be parts of one broken digit.
    return (left, top, right, bottom), rival and len(digits) > 1
