"""A grey picture -> the frames that it may show, most trusted first.

A picture that already is an MNIST frame, or its negative, passes unchanged and
alone. Of any other the paper is taken away (`paper`), the marks are put
together (`marks`) and fitted into frames (`framing`); where the picture leaves
it open what is ink, or what belongs to the digit, there are several.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from worker.framing import is_framed, to_frame
from worker.marks import Marks, groups, pieces, separated
from worker.paper import Levels, darkness, flattened, shrunk, tones
from worker.values import Frame, Grey, Sight

LONG_SIDE = 400
"""Pictures are looked at with this long side: a digit a tenth as high still fills a frame."""
CONTRAST = 10.0
"""Grey levels between ink and paper, below which there is nothing to see."""
MOST = 6
"""Candidate frames per picture, at most."""


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
    dark = _dark_on_light(small)
    for trust, side in ((dark, small), (1 - dark, ~small)):
        if trust >= 0.02:
            found += [(trust * weight, frame) for weight, frame in _readings(side)]
    if not found:
        return Sight(frames=(), trust=(), reason="nothing stands out from the paper")
    return _sight(found)


def _sight(found: list[tuple[float, Frame]]) -> Sight:
    found = sorted(found, key=lambda item: -item[0])
    kept: list[tuple[float, Frame]] = []
    for trust, frame in found:
        if len(kept) < MOST and not any(np.array_equal(frame, other) for _, other in kept):
            kept.append((trust, frame))
    return Sight(frames=tuple(f for _, f in kept), trust=tuple(t for t, _ in kept))


def _dark_on_light(grey: Grey) -> float:
    """Return the probability, 0-1, that the ink is the darker part."""
    split = tones(grey)
    light = grey > split.threshold
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]]).mean()
    area = light.mean()
    evidence = 6 * (border - 0.5) + 6 * (area - 0.5) + 2 * math.log(darkness(grey))
    return 1 / (1 + math.exp(-evidence))


def _readings(grey: Grey) -> Iterator[tuple[float, Frame]]:
    split = tones(grey)
    if split.light_spread <= 0.2 * split.contrast:
        ink: Levels = np.clip(split.light - grey.astype(np.float32), 0, 255)
    else:
        ink = flattened(grey)
    if ink.max() < CONTRAST:
        return
    mask = separated(ink, 0.5)
    if not mask.any():
        return
    marks = pieces(mask, ink)
    sets = groups(marks)
    yield 1.0, _frame(ink, marks, sets[0])
    if len(sets) > 1:
        yield 0.5, _frame(ink, marks, [piece for group in sets for piece in group])


def _frame(ink: Levels, marks: Marks, group: list[int]) -> Frame:
    chosen = np.isin(marks.labels, np.array(group) + 1).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(chosen)
    inside = slice(top, top + height), slice(left, left + width)
    near = cv2.dilate(chosen[inside], np.ones((3, 3), np.uint8))
    cut = np.where(near > 0, ink[inside], 0)
    peak = float(np.percentile(cut[chosen[inside] > 0], 80))
    return to_frame(np.clip(cut * (255 / max(peak, 1)), 0, 255).astype(np.uint8))
