"""Several digits in one frame, as `glyph` hands over what it could not take apart."""

from __future__ import annotations

import cv2
import numpy as np

from digitdrop.values import Frame
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.augment import augment, warp
from digitdrop_train.synthesis.geometry import Ink, crop, fit, thickened

Chance = np.random.Generator

HEIGHT, WIDTH = 84, 80
"""Room for one digit at twice MNIST's size, in pixels."""


def several(pool: Digits, chance: Chance) -> Frame:
    """Make a frame of the class `SEVERAL`: two to six digits side by side, touching or not."""
    count = int(chance.choice((2, 3, 4, 5, 6), p=(0.5, 0.25, 0.12, 0.08, 0.05)))
    drawn = [
        crop(warp(pool.frames[chance.integers(len(pool))], chance, strength=0.6))
        for _ in range(count)
    ]
    rows = 2 if count > 2 and chance.random() < 0.12 else 1
    ink = _row(drawn, chance) if rows == 1 else _stack(drawn, chance)
    frame = fit(_pen(ink, chance))
    return augment(frame, chance) if chance.random() < 0.3 else frame


def _row(drawn: list[Ink], chance: Chance) -> Ink:
    gap = chance.uniform(-0.14, 0.35) * 40
    canvas = np.zeros((HEIGHT, WIDTH * (len(drawn) + 1)), np.uint8)
    left = 20.0
    for ink in drawn:
        scale = chance.uniform(0.8, 1.05)
        sized = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = sized.shape
        top = int(np.clip((HEIGHT - height) / 2 + chance.normal(0, 3), 0, HEIGHT - height))
        x = max(0, round(left))
        place = canvas[top : top + height, x : x + width]
        np.maximum(place, sized, out=place)
        left = x + width + max(gap + chance.normal(0, 2), -0.3 * width)
    return canvas


def _stack(drawn: list[Ink], chance: Chance) -> Ink:
    half = len(drawn) // 2
    above, below = crop(_row(drawn[:half], chance)), crop(_row(drawn[half:], chance))
    width = max(above.shape[1], below.shape[1])
    gap = int(chance.integers(0, 10))
    return np.vstack(
        [np.pad(row, ((gap, 0), (0, width - row.shape[1]))) for row in (above, below)]
    )


def _pen(ink: Ink, chance: Chance) -> Ink:
    # Side by side and made smaller again, strokes end up thinner than a single digit's; a glyph
    # step may thicken them.
    if chance.random() < 0.4:
        return thickened(ink, int(chance.integers(2, 6)))
    return ink
