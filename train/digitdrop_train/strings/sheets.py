"""Print below and beside writing: rules, squares, boxes, combs, guides, cheques, stamps.

Each function draws on a sheet, uint8 (height, width), 255 = print; how strong the print is on the
paper is decided elsewhere.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

Sheet = npt.NDArray[np.uint8]


def rule_below(sheet: Sheet, foot: float, rng: Generator) -> None:
    """Draw the line on which the number stands, a little turned."""
    height, width = sheet.shape
    slope = rng.normal(0, 0.01) * width
    y = foot + rng.normal(0.02, 0.06) * height
    _line(sheet, (0, y - slope), (width, y + slope), _thin(rng))


def ruled(sheet: Sheet, tall: float, rng: Generator) -> None:
    """Draw lines from side to side, 0.5 to 3 digits apart."""
    height, width = sheet.shape
    step = tall * rng.uniform(0.5, 3)
    slope = rng.normal(0, 0.015) * width
    for y in np.arange(rng.uniform(0, step), height + step, step):
        _line(sheet, (0, y - slope), (width, y + slope), _thin(rng))
    if rng.random() < 0.15:
        x = rng.uniform(0, width)
        _line(sheet, (x, 0), (x + slope, height), _thin(rng))


def squared(sheet: Sheet, step: float, start: tuple[float, float], rng: Generator) -> None:
    """Draw lines in both directions, `step` pixels apart, two of which cross at `start`."""
    height, width = sheet.shape
    slope = rng.normal(0, 0.01)
    thick = _thin(rng)
    for y in np.arange(start[1] % step - step, height + step, step):
        _line(sheet, (0, y - slope * width), (width, y + slope * width), thick)
    for x in np.arange(start[0] % step - step, width + step, step):
        _line(sheet, (x + slope * height, 0), (x - slope * height, height), thick)


def boxes(sheet: Sheet, cells: list[tuple[float, float, float, float]], rng: Generator) -> None:
    """Draw a box around each cell (left, top, right, bottom), or a comb open at the top."""
    comb = rng.random() < 0.2
    thick = _thin(rng)
    shake = rng.choice([0.0, 0.0, 1.5])
    for left, top, right, bottom in cells:
        corners = [(left, top), (left, bottom), (right, bottom), (right, top)]
        corners = [(x + rng.normal(0, shake), y + rng.normal(0, shake)) for x, y in corners]
        if not comb:
            corners.append(corners[0])
        for one, other in pairwise(corners):
            _line(sheet, one, other, thick)


def guides(sheet: Sheet, cells: list[tuple[float, float, float, float]], rng: Generator) -> None:
    """Print the figure of eight, diagonals or dots that show where strokes should run."""
    kind = rng.integers(4)
    for left, top, right, bottom in cells:
        wide, high = right - left, bottom - top
        x, y = left + 0.25 * wide, top + 0.15 * high
        w, h = 0.5 * wide, 0.7 * high
        if kind == 0:
            for part in ((x, y, w, h / 2), (x, y + h / 2, w, h / 2)):
                a, b = (part[0], part[1]), (part[0] + part[2], part[1] + part[3])
                cv2.rectangle(sheet, _point(a), _point(b), 255, 1, cv2.LINE_AA, 4)
        elif kind == 1:
            _line(sheet, (left, top), (right, bottom), 1)
            _line(sheet, (left, bottom), (right, top), 1)
        elif kind == 2:
            _line(sheet, (left, top + high / 2), (right, top + high / 2), 1)
        else:
            for down in range(3):
                for along in range(2):
                    dot = (x + along * w, y + down * h / 2)
                    cv2.circle(
                        sheet,
                        _point(dot),
                        max(16, round(0.03 * high * 16)),
                        255,
                        -1,
                        cv2.LINE_AA,
                        4,
                    )


def cheque(sheet: Sheet, tall: float, rng: Generator) -> None:
    """Fill the sheet with waves, rays or a weave, as cheques have them below the amount."""
    height, width = sheet.shape
    step = tall * rng.uniform(0.08, 0.4)
    long = tall * rng.uniform(0.6, 6)
    swing = tall * rng.uniform(0, 0.35)
    x = np.arange(-10, width + 11, 4, dtype=np.float32)
    lean = rng.normal(0, 0.25)
    for turn in range(1 if rng.random() < 0.6 else 2):
        phase = rng.uniform(0, 6)
        slope = lean if turn == 0 else -lean
        drift = rng.normal(0, 0.3)
        reach = abs(slope) * width + swing
        for number, y in enumerate(np.arange(-reach, height + reach, step)):
            wave = y + slope * x + swing * np.sin(x * 6.28 / long + phase + drift * number)
            fine = np.round(np.stack([x, wave], axis=1) * 16).astype(np.int32)
            cv2.polylines(sheet, [fine], False, 255, 1, cv2.LINE_AA, 4)


def weave(sheet: Sheet, rng: Generator) -> None:
    """Fill the sheet with grain or small dots, as copied and stamped paper has."""
    grain = max(1, int(rng.integers(1, 4)))
    shape = (sheet.shape[0] // grain + 1, sheet.shape[1] // grain + 1)
    rough = (rng.random(shape) < rng.uniform(0.1, 0.5)).astype(np.uint8) * 255
    size = (sheet.shape[1], sheet.shape[0])
    sheet[:] = np.maximum(sheet, cv2.resize(rough, size, interpolation=cv2.INTER_LINEAR))


def stamp(sheet: Sheet, tall: float, rng: Generator) -> None:
    """Print a stamp or a word across the sheet."""
    height, width = sheet.shape
    if rng.random() < 0.5:
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        for radius in (1.0, 0.8):
            size = max(16, round(16 * tall * rng.uniform(0.8, 2) * radius))
            cv2.circle(sheet, _point(centre), size, 255, _thin(rng), cv2.LINE_AA, 4)
        return
    words = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVaceimnorstu "), 8))
    scale = tall / 30 * rng.uniform(0.4, 1)
    place = (int(rng.uniform(-0.2, 0.6) * width), int(rng.uniform(0.2, 1) * height))
    cv2.putText(sheet, words, place, int(rng.integers(0, 4)), scale, 255, _thin(rng), cv2.LINE_AA)


def _thin(rng: Generator) -> int:
    return int(rng.choice((1, 1, 2, 2, 3), p=(0.4, 0.2, 0.2, 0.1, 0.1)))


def _point(point: tuple[float, float]) -> tuple[int, int]:
    return round(16 * point[0]), round(16 * point[1])


def _line(sheet: Sheet, one: tuple[float, float], other: tuple[float, float], thick: int) -> None:
    cv2.line(sheet, _point(one), _point(other), 255, thick, cv2.LINE_AA, 4)
