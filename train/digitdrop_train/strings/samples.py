"""Pictures of numbers -> strips with labels, by the worker's own step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.inference.alphabet import BLANK, OTHER, STRIDE
from digitdrop.preprocess.strip import lines
from digitdrop.values import Strip, StripPixels
from digitdrop_train.strings.pictures import NumberPicture, Sign

MOST_SIGNS = 16
"""Longer labels are left out."""
INSIDE, CUT = 0.8, 0.25
"""A sign of which so much lies in the strip is read; of which less than `CUT`, it is not there;
between the two it is left open, and so is the strip."""
NO_LABEL = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StripSample:
    """A strip and what it shows."""

    pixels: StripPixels
    signs: tuple[int, ...]
    """From left to right, none of them `BLANK`; `OTHER` alone where nothing is written."""
    columns: tuple[int, ...]
    """The row of the network's answer in which the middle of each sign lies; none where nothing
    is written."""


def samples_of(picture: NumberPicture) -> Iterator[StripSample]:
    """Yield the strips that the worker finds in a picture, each with its label."""
    found = lines(picture.grey, 1.0 if picture.is_dark else 0.0)
    for strip in found.strips:
        sample = _labelled(strip, picture.signs)
        if sample is not None:
            yield sample


def _labelled(strip: Strip, signs: tuple[Sign, ...]) -> StripSample | None:
    left, top, width, height = strip.box
    labels, columns = [], []
    missing = 0
    for sign in signs:
        x0, y0, x1, y1 = sign.box
        seen_x = (min(x1, left + width) - max(x0, left)) / max(1.0, x1 - x0)
        seen_y = (min(y1, top + height) - max(y0, top)) / max(1.0, y1 - y0)
        seen = max(0.0, seen_x) * max(0.0, seen_y)
        if seen < CUT:
            missing += 1
            continue
        if seen < INSIDE and sign.kind < 10:
            if seen > 0.6:
                return None
            labels.append(OTHER)
        else:
            labels.append(sign.kind)
        middle = ((x0 + x1) / 2 - left) * strip.width / width
        columns.append(int(np.clip(middle / STRIDE, 0, strip.pixels.shape[1] // STRIDE - 1)))
    if not signs:
        return StripSample(pixels=strip.pixels, signs=(OTHER,), columns=())
    if len(labels) > MOST_SIGNS or (missing and missing >= len(labels)):
        return None
    again = sum(a == b for a, b in pairwise(labels))
    if len(labels) + again > strip.pixels.shape[1] // STRIDE:
        return None
    return StripSample(pixels=strip.pixels, signs=tuple(labels), columns=tuple(columns))


def again(sample: StripSample, rng: Generator) -> StripSample:
    """Make another strip of a sample: moved, sheared, thicker or thinner, paler, noisier."""
    pixels = sample.pixels
    height, width = pixels.shape
    slant, high = rng.normal(0, 0.08), float(np.exp(rng.normal(0, 0.06)))
    move = np.array(
        [
            [1.0, slant, -slant * height / 2],
            [rng.normal(0, 0.01), high, (1 - high) * height / 2 + rng.normal(0, 1.2)],
        ]
    )
    bent = np.asarray(cv2.warpAffine(pixels, move, (width, height)), np.uint8)
    lot = rng.random()
    if lot < 0.12:
        bent = np.asarray(cv2.dilate(bent, np.ones((2, 2), np.uint8)), np.uint8)
    elif lot < 0.2:
        bent = np.asarray(cv2.erode(bent, np.ones((2, 2), np.uint8)), np.uint8)
    elif lot < 0.32:
        bent = np.asarray(cv2.GaussianBlur(bent, (0, 0), rng.uniform(0.5, 1.2)), np.uint8)
    if rng.random() < 0.4:
        gain = rng.uniform(0.6, 1.4)
        bent = np.asarray(cv2.convertScaleAbs(bent, alpha=gain), np.uint8)
    return StripSample(pixels=bent, signs=sample.signs, columns=sample.columns)


def packed(samples: list[StripSample]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Stack samples of one width for the network.

    Returns:
        The strips, uint8 (count, 40, width, 1); and the targets, int32 (count, 16 + width / 4):
        the signs, then the sign at each row of the answer; `NO_LABEL` where there is none.
    """
    width = samples[0].pixels.shape[1]
    pixels = np.stack([sample.pixels for sample in samples])[..., None]
    targets = np.full((len(samples), MOST_SIGNS + width // STRIDE), NO_LABEL, np.int32)
    for row, sample in zip(targets, samples, strict=True):
        row[: len(sample.signs)] = sample.signs
        for sign, column in zip(sample.signs, sample.columns, strict=False):
            row[MOST_SIGNS + column] = sign
        row[-1] = BLANK
    return pixels, targets
