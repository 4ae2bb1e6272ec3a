"""Frames of the class `SEVERAL`: digits that the worker's preprocessing could not separate."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.values import Frame, Ink
from digitdrop_train.data import Dataset
from digitdrop_train.synthesis.augment import augment, warp
from digitdrop_train.synthesis.geometry import as_frame, crop, thicken

HEIGHT, WIDTH = 84, 80
"""Room for one digit at twice MNIST's size, in pixels."""


def several(digits: Dataset, rng: Generator) -> Frame:
    """Make a frame, uint8 (28, 28), of two to six digits side by side, touching or not."""
    count = int(rng.choice((2, 3, 4, 5, 6), p=(0.5, 0.25, 0.12, 0.08, 0.05)))
    pieces = [
        crop(warp(digits.frames[rng.integers(len(digits))], rng, strength=0.6))
        for _ in range(count)
    ]
    rows = 2 if count > 2 and rng.random() < 0.12 else 1
    ink = _row(pieces, rng) if rows == 1 else _two_rows(pieces, rng)
    frame = as_frame(_other_pen(ink, rng))
    return augment(frame, rng) if rng.random() < 0.3 else frame


def _row(pieces: list[Ink], rng: Generator) -> Ink:
    gap = rng.uniform(-0.14, 0.35) * 40
    canvas = np.zeros((HEIGHT, WIDTH * (len(pieces) + 1)), np.uint8)
    left = 20.0
    for ink in pieces:
        scale = rng.uniform(0.8, 1.05)
        sized = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = sized.shape
        top = int(np.clip((HEIGHT - height) / 2 + rng.normal(0, 3), 0, HEIGHT - height))
        x = max(0, round(left))
        place = canvas[top : top + height, x : x + width]
        np.maximum(place, sized, out=place)
        left = x + width + max(gap + rng.normal(0, 2), -0.3 * width)
    return canvas


def _two_rows(pieces: list[Ink], rng: Generator) -> Ink:
    half = len(pieces) // 2
    above, below = crop(_row(pieces[:half], rng)), crop(_row(pieces[half:], rng))
    width = max(above.shape[1], below.shape[1])
    gap = int(rng.integers(0, 10))
    return np.vstack(
        [np.pad(row, ((gap, 0), (0, width - row.shape[1]))) for row in (above, below)]
    )


def _other_pen(ink: Ink, rng: Generator) -> Ink:
    # Side by side and made smaller again, strokes end up thinner than a single digit's; the
    # worker's preprocessing may thicken them.
    if rng.random() < 0.4:
        return thicken(ink, int(rng.integers(2, 6)))
    return ink
