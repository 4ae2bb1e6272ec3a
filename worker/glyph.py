"""A grey picture -> the frames that it may show, most trusted first.

A picture that already is an MNIST frame, or its negative, passes unchanged and
alone. Of any other the paper is taken away (`paper`), printed lines are rubbed
out (`ruling`), the marks are put together (`marks`) and fitted into frames
(`framing`); where the picture leaves it open what is ink, or what belongs to
the digit, there are several.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from worker.framing import is_framed, to_frame
from worker.marks import ALONG_EDGE, Marks, Mask, groups, pieces, separated, without
from worker.paper import Ink, Tones, darkness, even, histogram, quantiles, shrunk, tones, uneven
from worker.ruling import LEAST as CROP
from worker.ruling import unruled
from worker.values import Frame, Grey, Sight

LONG_SIDE = 320
"""Pictures are looked at with this long side: a digit a tenth as high still fills a frame."""
CONTRAST = 10
"""Grey levels between ink and paper, below which there is nothing to see."""
MOST = 6
"""Candidate frames per picture, at most."""
MOST_INK = 0.42
"""Share of a frame that digits cover at most; in MNIST's test set it is 0.33."""
ALIKE = 0.85
"""Two frames that share so much of their ink are one reading."""
UNLIKELY = 0.02
"""A polarity is not looked at below this probability, unless the other shows nothing."""
SMOOTH_LIGHT = 0.75
"""How far to trust that uneven light falls off smoothly, rather than at a shadow's edge."""
USUAL_WIDTH = 0.65
"""Width over height of most digits (in MNIST's test set the median is 0.8, with the 1 0.2)."""


def look(grey: Grey) -> Sight:
    """Find what may be the digit in a picture, in either polarity.

    Args:
        grey: uint8 of any shape (height, width), 0 = black, 255 = white.

    Returns:
        At most six different frames with their trust, or none and the reason.
    """
    if is_framed(grey):
        return Sight(frames=(grey,), trust=(1.0,))
    inverted = ~grey
    if is_framed(inverted):
        return Sight(frames=(inverted,), trust=(1.0,))
    small = shrunk(grey, LONG_SIDE)
    if np.ptp(small) < CONTRAST:
        return Sight(frames=(), trust=(), reason="the picture has one colour only")
    found: list[tuple[float, Frame]] = []
    split = tones(small)
    dark = _dark_on_light(small, split)
    sides = (dark, small, split), (1 - dark, ~small, split.inverted())
    for trust, side, its in sorted(sides, key=lambda item: -item[0]):
        if trust >= UNLIKELY or not found:
            found += [(trust * weight * _inky(f), f) for weight, f in _readings(side, its)]
    if not found:
        return Sight(frames=(), trust=(), reason="nothing stands out from the paper")
    return _sight(found)


def _inky(frame: Frame) -> float:
    """Return 1, or little for a frame so full of ink that it hardly is a digit."""
    full = np.count_nonzero(frame > 127) > MOST_INK * frame.size
    return 0.03 if full else 1.0


def _sight(found: list[tuple[float, Frame]]) -> Sight:
    found = sorted(found, key=lambda item: -item[0])
    kept: list[tuple[float, Frame]] = []
    for trust, frame in found:
        if len(kept) < MOST and not any(_same(frame, other) for _, other in kept):
            kept.append((trust, frame))
    return Sight(frames=tuple(f for _, f in kept), trust=tuple(t for t, _ in kept))


def _same(one: Frame, other: Frame) -> bool:
    """Tell whether two frames show the same ink, but for the pen's width."""
    overlap = np.count_nonzero(np.minimum(one, other) > 96)
    return bool(overlap > ALIKE * max(np.count_nonzero(frame > 96) for frame in (one, other)))


def _dark_on_light(grey: Grey, split: Tones) -> float:
    """Return the probability, 0-1, that the ink is the darker part."""
    light = grey > split.threshold
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    shares = [float(np.count_nonzero(part) / part.size) for part in (border, light)]
    evidence = 6 * (sum(shares) - 1)
    if not (split.dark_is_even and split.light_is_even and abs(evidence) > 4):
        evidence += 2 * math.log(darkness(grey))
    return 1 / (1 + math.exp(-evidence))


def _readings(grey: Grey, split: Tones) -> Iterator[tuple[float, Frame]]:
    """Yield what dark ink on light paper may say, with a weight each."""
    if split.light_is_even:
        yield from _unruled(even(grey, split))
        return
    smooth, sharp = uneven(grey)
    found = list(_unruled(smooth))
    yield from ((SMOOTH_LIGHT * weight, frame) for weight, frame in found)
    if found:  # else it is bare paper, of which the other way would show the grain
        yield from (((1 - SMOOTH_LIGHT) * weight, frame) for weight, frame in _unruled(sharp))


def _unruled(ink: Ink) -> Iterator[tuple[float, Frame]]:
    """Yield the frames of ink, with and without printed lines, if there are any."""
    if ink.max() < CONTRAST:
        return
    mask = separated(ink)
    plain, lines = unruled(mask)
    share = 0.0 if not lines else 0.5 if lines == 1 else 0.85
    if lines:
        for weight, frame in _marked(plain, np.where(mask > plain, 0, ink).astype(np.uint8)):
            yield share * weight, frame
    for weight, frame in _marked(mask, ink):
        yield (1 - share) * weight, frame


def _marked(mask: Mask, ink: Ink) -> Iterator[tuple[float, Frame]]:
    """Yield the frames of the marks in a mask: the likely group, the edge left out, all."""
    if not mask.any():
        return
    marks = pieces(mask, ink)
    if _is_grain(marks):
        return
    along = marks.contact > ALONG_EDGE
    if along.any():
        inner = without(mask, ink, marks, along)
        rest = separated(inner)
        inside = pieces(rest, inner) if inner.max() >= CONTRAST and rest.any() else None
        if inside is not None and _counts(inside, marks):
            # In a small crop even a digit may run along the border.
            weight = 0.8 if max(ink.shape) >= CROP else 0.15
            yield from _grouped(inner, inside, weight)
            yield from _grouped(ink, marks, 1 - weight)
            return
    yield from _grouped(ink, marks, 1.0)


def _is_grain(marks: Marks) -> bool:
    """Tell the grain of the paper, many small marks of which none stands out."""
    main = int(marks.score.argmax())
    small = max(marks.boxes[main, 2:]) < 0.15 * max(marks.labels.shape)
    return bool(len(marks.mass) >= 8 and small and marks.mass[main] < 0.35 * marks.mass.sum())


def _counts(inside: Marks, marks: Marks) -> bool:
    """Tell whether what remains without the edges is more than their crumbs."""
    main = int(inside.score.argmax())
    tall = max(inside.boxes[main, 2:]) >= 0.1 * max(marks.labels.shape)
    return bool(tall and inside.mass[main] >= 0.02 * marks.mass.sum())


def _grouped(ink: Ink, marks: Marks, share: float) -> Iterator[tuple[float, Frame]]:
    sets = groups(marks)
    first = _frame(ink, marks, sets[0])
    if len(sets) == 1:
        if _is_stretched(ink, marks, sets[0]):
            yield 0.65 * share, to_frame(_narrowed(ink))
            share *= 0.35
        yield share, first
        return
    # Two pieces of like size are a number; one large and a small one, a digit and dirt.
    together = 0.75 if _are_alike(marks, sets[0], sets[1]) else 0.2
    yield share * (1 - together), first
    yield share * together, _frame(ink, marks, [piece for group in sets for piece in group])


def _is_stretched(ink: Ink, marks: Marks, group: list[int]) -> bool:
    """Tell whether ink touches all four sides of an exact square: digits seldom are one."""
    height, width = ink.shape
    return height == width and _box(marks, group)[2:] == (width, height)


def _narrowed(ink: Ink) -> Ink:
    """Give a digit that was stretched into a square its usual shape back."""
    side = max(64, len(ink))
    size = (round(USUAL_WIDTH * side), side)
    method = cv2.INTER_LINEAR if side > len(ink) else cv2.INTER_AREA
    return np.asarray(cv2.resize(ink, size, interpolation=method), np.uint8)


def _are_alike(marks: Marks, one: list[int], other: list[int]) -> bool:
    tall = [float(_box(marks, group)[3]) for group in (one, other)]
    mass = [float(marks.mass[group].sum()) for group in (one, other)]
    return 0.5 <= tall[0] / tall[1] <= 2 and mass[1] >= 0.15 * mass[0]


def _box(marks: Marks, group: list[int]) -> tuple[int, int, int, int]:
    boxes = marks.boxes[group]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    return int(left), int(top), int(right - left), int(bottom - top)


def _frame(ink: Ink, marks: Marks, group: list[int]) -> Frame:
    left, top, width, height = _box(marks, group)
    inside = slice(top, top + height), slice(left, left + width)
    keep = np.zeros(len(marks.boxes) + 1, np.uint8)
    keep[np.array(group) + 1] = 1
    chosen = keep[marks.labels[inside]]
    near = cv2.dilate(chosen, np.ones((3, 3), np.uint8))
    cut = ink[inside] * near
    peak = max(1, int(quantiles(histogram(np.asarray(cut[chosen > 0], np.uint8)), _FULL)))
    return to_frame(np.asarray(cv2.convertScaleAbs(cut, alpha=255 / peak), np.uint8))


_FULL = np.array(0.8)
"""Ink darker than this share of it is drawn at full strength."""
