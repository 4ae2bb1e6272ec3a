"""Digits drawn stroke by stroke, in forms that MNIST has few of, by pens of any width."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.values import Frame
from digitdrop_train.synthesis.alphabet import FORMS, Form, points
from digitdrop_train.synthesis.geometry import Ink, fit

Chance = np.random.Generator
Line = npt.NDArray[np.float64]
"""Shape (points, 2): x and y, one after the other along a stroke."""

CANVAS = 112
MARGIN = 24
"""Left free on each side, for thick pens and for slants."""


def draw_digit(digit: int, chance: Chance) -> Ink:
    """Draw one digit in one of its forms; uint8 (112, 112), not yet in MNIST's geometry."""
    forms = FORMS[digit]
    weights = np.array([form.weight for form in forms])
    form = forms[chance.choice(len(forms), p=weights / weights.sum())]
    return draw(hand(form, chance), thickness(chance))


def thickness(chance: Chance) -> int:
    """A pen's width on the canvas: hairlines to thick markers, most of them as in MNIST."""
    return int(np.clip(np.exp(chance.normal(2.0, 0.45)), 2, 22))


def hand(form: Form, chance: Chance) -> list[Line]:
    """Write a form as some hand would: shaky, slanted, narrow or wide; in canvas pixels."""
    jitter = chance.uniform(0.01, 0.045)
    wide = chance.uniform(*form.wide)
    slant = chance.normal(0.06, 0.22)
    turn = np.deg2rad(chance.normal(0, 4))
    cos, sin = np.cos(turn), np.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, -slant], [0, 1]])
    size = CANVAS - 2 * MARGIN
    written = []
    for stroke in form.strokes:
        curved, corners = _read(stroke)
        shaken = corners + chance.normal(0, jitter, corners.shape)
        path = (_curve(shaken) if curved else _bow(shaken, chance)) - 0.5
        written.append(path @ linear.T * size + CANVAS / 2)
    return written


def draw(written: list[Line], pen: int) -> Ink:
    """Draw strokes with a pen of some pixels' width; uint8 (112, 112)."""
    ink = np.zeros((CANVAS, CANVAS), np.uint8)
    for path in written:
        # OpenCV draws between pixels when it is told coordinates times 2**shift.
        fine = np.round(path * 16).astype(np.int32)
        cv2.polylines(ink, [fine], False, 255, pen, cv2.LINE_AA, 4)
    return ink


@cache
def _read(stroke: str) -> tuple[bool, Line]:
    curved, corners = points(stroke)
    return curved, np.array(corners)


def _curve(corners: Line) -> Line:
    """Pass smoothly through every point: a Catmull-Rom spline, 8 steps from point to point."""
    ends = np.vstack([2 * corners[:1] - corners[1:2], corners, 2 * corners[-1:] - corners[-2:-1]])
    before, here, there, after = ends[:-3], ends[1:-2], ends[2:-1], ends[3:]
    t = np.linspace(0, 1, 8, endpoint=False)[None, :, None]
    before, here, there, after = (each[:, None] for each in (before, here, there, after))
    path = 0.5 * (
        2 * here
        + (there - before) * t
        + (2 * before - 5 * here + 4 * there - after) * t**2
        + (3 * (here - there) + after - before) * t**3
    )
    return np.vstack([path.reshape(-1, 2), corners[-1:]])


def _bow(corners: Line, chance: Chance) -> Line:
    """Join the points by lines that are nearly straight: nobody's lines are quite."""
    middles = (corners[:-1] + corners[1:]) / 2
    along = corners[1:] - corners[:-1]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    middles = middles + across * chance.normal(0, 0.025, (len(middles), 1))
    pieces = [
        _curve(np.stack(piece)) for piece in zip(corners[:-1], middles, corners[1:], strict=True)
    ]
    return np.vstack(pieces)


def drawn(digit: int, chance: Chance) -> Frame:
    """Draw one digit and put it in MNIST's geometry, as training sees it."""
    return fit(draw_digit(digit, chance))
