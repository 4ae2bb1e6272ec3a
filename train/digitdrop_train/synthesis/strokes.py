"""Digits drawn stroke by stroke, in forms that are rare in MNIST, by pens of any width."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.values import Frame, Ink
from digitdrop_train.synthesis.alphabet import DIGIT_FORMS, Form, parse_stroke
from digitdrop_train.synthesis.geometry import as_frame

Polyline = npt.NDArray[np.float64]
"""Shape (points, 2): x and y of each point along a stroke."""

CANVAS = 112
"""Side of the square that is drawn on, in pixels."""
CANVAS_MARGIN = 24
"""Pixels left free on each side, for thick pens and for slants."""


def draw_digit(digit: int, rng: Generator) -> Frame:
    """Draw a digit, 0-9, in one of its forms; return a frame, uint8 (28, 28), 255 = ink."""
    forms = DIGIT_FORMS[digit]
    weights = np.array([form.weight for form in forms])
    form = forms[rng.choice(len(forms), p=weights / weights.sum())]
    return as_frame(draw_strokes(write_form(form, rng), pen_width(rng)))


def pen_width(rng: Generator) -> int:
    """Return the width of a pen on the canvas, 2-22 pixels; most are as in MNIST."""
    return int(np.clip(np.exp(rng.normal(2.0, 0.45)), 2, 22))


def write_form(form: Form, rng: Generator) -> list[Polyline]:
    """Write a form with a hand's variation: shaky, slanted, narrow or wide.

    Returns:
        One line for each stroke, in pixels of the canvas.
    """
    jitter = rng.uniform(0.01, 0.045)
    wide = rng.uniform(*form.wide)
    slant = rng.normal(0.06, 0.22)
    turn = np.deg2rad(rng.normal(0, 4))
    size = CANVAS - 2 * CANVAS_MARGIN
    strokes = shaken_strokes(form, rng, jitter=jitter)
    return [path @ leaning(wide, slant, turn).T * size + CANVAS / 2 for path in strokes]


def leaning(wide: float, slant: float, turn: float) -> npt.NDArray[np.float64]:
    """Return the matrix that narrows, slants and turns, shape (2, 2).

    Args:
        wide: width of the sign as a share of its height.
        slant: shift of the top to the right, as a share of the height.
        turn: in radians, clockwise.
    """
    cos, sin = np.cos(turn), np.sin(turn)
    turned = np.array([[cos, -sin], [sin, cos]])
    return np.asarray(turned @ np.array([[wide, -slant], [0, 1]]), np.float64)


def shaken_strokes(form: Form, rng: Generator, *, jitter: float) -> list[Polyline]:
    """Write a form upright in a unit square around (0, 0), each corner moved by `jitter`."""
    lines = []
    for stroke in form.strokes:
        curved, corners = _parsed(stroke)
        shaken = corners + rng.normal(0, jitter, corners.shape)
        lines.append((_curve(shaken) if curved else _bow(shaken, rng)) - 0.5)
    return lines


def draw_strokes(lines: list[Polyline], pen: int) -> Ink:
    """Draw strokes with a pen of this width in pixels; return uint8 (112, 112), 255 = ink."""
    ink = np.zeros((CANVAS, CANVAS), np.uint8)
    for path in lines:
        # With shift=4, OpenCV takes sixteenths of a pixel.
        fine = np.round(path * 16).astype(np.int32)
        cv2.polylines(ink, [fine], False, 255, pen, cv2.LINE_AA, 4)
    return ink


@cache
def _parsed(stroke: str) -> tuple[bool, Polyline]:
    curved, corners = parse_stroke(stroke)
    return curved, np.array(corners)


def _curve(corners: Polyline) -> Polyline:
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


def _bow(corners: Polyline, rng: Generator) -> Polyline:
    """Join the points by nearly straight lines: no hand draws them quite straight."""
    middles = (corners[:-1] + corners[1:]) / 2
    along = corners[1:] - corners[:-1]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    middles = middles + across * rng.normal(0, 0.025, (len(middles), 1))
    pieces = [
        _curve(np.stack(piece)) for piece in zip(corners[:-1], middles, corners[1:], strict=True)
    ]
    return np.vstack(pieces)
