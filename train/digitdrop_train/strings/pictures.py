"""Whole pictures of numbers and of things that look like numbers, with the place of each sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.inference.alphabet import DASH, OTHER, POINT, SLASH
from digitdrop.values import Grey
from digitdrop_train.strings import sheets
from digitdrop_train.strings.hand import Glyph, Hand, Styles
from digitdrop_train.synthesis.papers import Coverage, drawing, photo, scan

CURRENCY, SPACE, FRACTION = -1, -2, -3
"""Written, but in no label as they are: a sign of currency; room as wide as a digit; a vulgar
fraction, whose small digits are `OTHER`."""
LENGTHS = (0.05, 0.15, 0.18, 0.18, 0.16, 0.12, 0.09, 0.07)
"""Probability of 1-8 digits."""
LONGEST = 640
"""A longer picture is reduced to this, in pixels."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A written sign of the label."""

    kind: int
    """One of `alphabet`'s."""
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPicture:
    """A picture and all that is written in it, from left to right."""

    grey: Grey
    is_dark: bool
    """The ink is darker than the paper."""
    signs: tuple[Sign, ...]


def number_picture(styles: Styles, rng: Generator) -> NumberPicture:
    """Make a picture of a number; one in five shows something like it, or nothing."""
    tall = float(np.exp(rng.uniform(np.log(12), np.log(52))))
    hand = Hand.of(styles, tall, rng)
    return _pictured(*_written(tokens(rng), hand, rng), tall, rng)


def tokens(rng: Generator) -> list[int]:
    """Draw by lot the signs that are written: digits, marks, `OTHER`, `CURRENCY`, `SPACE`."""
    lot = rng.random()
    for share, kind in _KINDS:
        if lot < share:
            return kind(rng)
        lot -= share
    return []


def _fraction_behind(rng: Generator) -> list[int]:
    return [*_digits(rng, int(rng.integers(0, 3))), FRACTION]


def _decimal(rng: Generator) -> list[int]:
    """One or two digits behind the mark, or any number of them behind a lone 0."""
    if rng.random() < 0.2:
        return [0, POINT, *_digits(rng, int(rng.integers(1, 5)))]
    whole = _digits(rng, int(rng.integers(1, 5)))
    return [*whole, POINT, *_digits(rng, int(rng.choice((1, 2, 2))))]


def _signed(rng: Generator) -> list[int]:
    return [DASH, *_digits(rng, int(rng.integers(1, 5)))]


def _date(rng: Generator) -> list[int]:
    """Two or three numbers with slashes or dashes between them."""
    mark = SLASH if rng.random() < 0.8 else DASH
    joined = _digits(rng, int(rng.integers(1, 3)))
    for _ in range(int(rng.choice((1, 1, 2)))):
        joined = [*joined, mark, *_digits(rng, int(rng.integers(1, 3)))]
    return joined


def _mixed(rng: Generator) -> list[int]:
    """A letter or a sign among digits."""
    mixed = _digits(rng, int(rng.integers(1, 5)))
    mixed.insert(int(rng.integers(len(mixed) + 1)), OTHER)
    return mixed if rng.random() < 0.7 else [OTHER, *mixed]


def _words(rng: Generator) -> list[int]:
    words: list[int] = [OTHER] * int(rng.choice((1, 2, 3, 4, 6, 8)))
    if rng.random() < 0.75:
        return words
    return [*words, SPACE, *_digits(rng, int(rng.integers(1, 5)))]


def _whole_number(rng: Generator) -> list[int]:
    digits = _digits(rng, 1 + int(rng.choice(len(LENGTHS), p=LENGTHS)))
    lot = rng.random()
    if len(digits) > 3 and lot < 0.45:
        mark = SPACE if lot < 0.05 else POINT
        for place in range(len(digits) - 3, 0, -3):
            digits.insert(place, mark)
    if rng.random() < 0.2:
        tails = ([DASH], [POINT], [SLASH, DASH], [POINT, DASH], [DASH, DASH], [POINT, POINT])
        digits = [*digits, *tails[rng.choice(6, p=(0.4, 0.3, 0.1, 0.12, 0.04, 0.04))]]
    if rng.random() < 0.07:
        digits = [CURRENCY, *digits]
    return digits


_KINDS = (
    (0.78, _whole_number),
    (0.02, _fraction_behind),
    (0.06, _decimal),
    (0.025, _signed),
    (0.03, _date),
    (0.03, _mixed),
    (0.04, _words),
)
"""Share of each kind; nothing is written on the rest."""


def _digits(rng: Generator, count: int) -> list[int]:
    digits: list[int] = rng.integers(0, 10, count).tolist()
    if count > 2 and rng.random() < 0.12:  # round amounts
        zeros = int(rng.integers(2, count))
        digits[count - zeros :] = [0] * zeros
    return digits


def _glyph(token: int, hand: Hand) -> Glyph:
    if token >= 0 and token <= 9:
        return hand.digit(token)
    writers = {
        POINT: hand.point,
        DASH: hand.dash,
        SLASH: hand.slash,
        OTHER: hand.letter,
        CURRENCY: hand.currency,
    }
    return writers[token]()


_Placed = list[tuple[int, Glyph, float, float]]
"""Token, glyph, left and top; the line's top is 0 and its foot `tall`."""


def _written(signs: Sequence[int], hand: Hand, rng: Generator) -> tuple[_Placed, list[Box]]:
    """Write signs side by side, in cells (one digit a box) or free."""
    tall = hand.tall
    whole = all(0 <= sign <= 9 for sign in signs)
    if len(signs) > 1 and rng.random() < (0.24 if whole else 0.04) and FRACTION not in signs:
        return _in_cells(signs, hand, rng)
    placed: _Placed = []
    x = 0.0
    usual = rng.normal(0.1, 0.13) * tall
    if rng.random() < 0.06:
        usual = rng.uniform(0.3, 1.2) * tall
    slope = rng.normal(0, 0.03) if rng.random() < 0.8 else rng.normal(0, 0.09)
    point_y = 0.5 if rng.random() < 0.12 else rng.uniform(0.85, 1.05)
    for sign in signs:
        if sign == SPACE:
            x += tall * rng.uniform(0.3, 0.9)
            continue
        if sign == FRACTION:
            placed += _fraction(hand, x, rng)
            continue
        glyph = _glyph(sign, hand)
        high, wide = glyph.shape
        if sign == POINT:
            top = point_y * tall - high * rng.uniform(0.3, 0.9)
            x += rng.uniform(-0.06, 0.12) * tall
        elif sign == DASH:
            top = tall * rng.normal(0.55, 0.1) - high / 2
            x += rng.uniform(0, 0.2) * tall
        else:
            top = (tall - high) * rng.uniform(0.2, 0.9) + tall * rng.normal(0, 0.05)
        top += slope * x
        placed.append((sign, glyph, x, top))
        gap = usual + rng.normal(0, 0.05) * tall
        x += max(wide + gap, 0.35 * wide, 2)
    return placed, []


def _fraction(hand: Hand, x: float, rng: Generator) -> _Placed:
    """Write a small fraction: side by side with a slash, or one above the other with a bar."""
    small = replace(hand, tall=hand.tall * rng.uniform(0.4, 0.8))
    numerator = small.digit(int(rng.choice((1, 1, 1, 3, int(rng.integers(1, 10))))))
    denominator = small.digit(int(rng.choice((2, 2, 4, int(rng.integers(2, 10))))))
    x += hand.tall * rng.uniform(0, 0.3)
    if rng.random() < 0.35:
        wide = max(numerator.shape[1], denominator.shape[1])
        bar = np.full((max(1, round(hand.tall * hand.pen)), wide + 2), 255, np.uint8)
        gap = np.zeros((max(1, round(0.08 * hand.tall)), wide + 2), np.uint8)
        rows = [
            np.pad(glyph, ((0, 0), (1, wide + 1 - glyph.shape[1])))
            for glyph in (numerator, denominator)
        ]
        stack = np.vstack([rows[0], gap, bar, gap, rows[1]])
        return [(OTHER, stack, x, (hand.tall - stack.shape[0]) / 2)]
    slash = hand.slash()
    middle = x + numerator.shape[1] - 0.2 * slash.shape[1] * rng.random()
    after = middle + slash.shape[1] * rng.uniform(0.5, 1)
    return [
        (OTHER, numerator, x, -0.1 * hand.tall * rng.random()),
        (SLASH, slash, middle, (hand.tall - slash.shape[0]) / 2),
        (OTHER, denominator, after, hand.tall - denominator.shape[0] * rng.uniform(0.7, 1)),
    ]


def _in_cells(signs: Sequence[int], hand: Hand, rng: Generator) -> tuple[_Placed, list[Box]]:
    tall = hand.tall
    wide, high = tall * rng.uniform(0.75, 1.7), tall * rng.uniform(1.05, 1.9)
    between = tall * rng.uniform(0.05, 0.5) if rng.random() < 0.3 else 0.0
    top = (tall - high) / 2
    placed: _Placed = []
    cells: list[Box] = []
    for number, sign in enumerate(signs):
        left = number * (wide + between)
        cells.append((left, top, left + wide, top + high))
        if sign == SPACE:
            continue
        glyph = _glyph(sign, hand)
        x = left + (wide - glyph.shape[1]) / 2 + rng.normal(0, 0.08) * wide
        y = (tall - glyph.shape[0]) / 2 + rng.normal(0, 0.06) * high
        placed.append((sign, glyph, x, y))
    spare = int(rng.integers(0, 3)) if rng.random() < 0.15 else 0  # boxes left empty
    before = rng.random() < 0.5
    for number in range(spare):
        shift = -(number + 1) if before else len(signs) + number
        left = shift * (wide + between)
        cells.append((left, top, left + wide, top + high))
    return placed, cells


def _pictured(placed: _Placed, cells: list[Box], tall: float, rng: Generator) -> NumberPicture:
    boxes = [(x, y, x + glyph.shape[1], y + glyph.shape[0]) for _, glyph, x, y in placed]
    around = np.array([*boxes, *cells, (0.0, 0.0, 1.0, tall)][: len(boxes) + len(cells) or 1])
    left, top = around[:, :2].min(axis=0)
    right, bottom = around[:, 2:].max(axis=0)
    if not boxes:
        right = left + tall * rng.uniform(0.5, 6)
    rooms = [_room(rng) * tall for _ in range(4)]
    if rng.random() < 0.05:  # the picture's border cuts a little off
        rooms[rng.integers(2)] = -tall * rng.uniform(0, 0.12)
    origin = np.array([rooms[2] - left, rooms[0] - top])
    shape = (
        max(10, round(bottom - top + rooms[0] + rooms[1])),
        max(10, round(right - left + rooms[2] + rooms[3])),
    )
    ink = np.zeros(shape, np.uint8)
    signs = []
    for (token, glyph, *_), box in zip(placed, boxes, strict=True):
        x, y = round(box[0] + origin[0]), round(box[1] + origin[1])
        _add(ink, glyph, x, y)
        if token >= 0:
            signs.append(Sign(kind=token, box=(x, y, x + glyph.shape[1], y + glyph.shape[0])))
    moved = [(a + origin[0], b + origin[1], c + origin[0], d + origin[1]) for a, b, c, d in cells]
    cover = _with_print(ink, moved, tall, float(origin[1]) + tall, rng)
    return _taken(cover, signs, tall, rng)


def _add(sheet: sheets.Sheet, glyph: Glyph, x: int, y: int) -> None:
    left, top = max(0, x), max(0, y)
    part = sheet[top : y + glyph.shape[0], left : x + glyph.shape[1]]
    if part.size:
        cut = glyph[top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]]
        np.maximum(part, cut, out=part)


def _room(rng: Generator) -> float:
    lot = rng.random()
    if lot < 0.35:
        return float(rng.uniform(0, 0.12))
    return float(rng.uniform(0.1, 0.5) if lot < 0.75 else rng.uniform(0.4, 2.2))


def _with_print(
    ink: sheets.Sheet, cells: list[Box], tall: float, foot: float, rng: Generator
) -> Coverage:
    """Put print below the ink."""
    cover = ink.astype(np.float32) / np.float32(255)
    layers = [_texture(ink, tall, rng), _stamp(ink, tall, rng)]
    if cells:
        layers += _boxed(ink, cells, rng)
    else:
        layers.append(_lined(ink, tall, foot, rng))
    for strength, printed in layers:
        if strength:
            cover = np.maximum(cover, printed * np.float32(strength / 255))
    return cover


_Layer = tuple[float, sheets.Sheet]
"""Strength of a print, 0-1, and the print."""


def _boxed(ink: sheets.Sheet, cells: list[Box], rng: Generator) -> list[_Layer]:
    boxes, guides = np.zeros_like(ink), np.zeros_like(ink)
    sheets.boxes(boxes, cells, rng)
    if rng.random() < 0.3:
        sheets.guides(guides, cells, rng)
    return [(float(rng.uniform(0.2, 1)), boxes), (float(rng.uniform(0.1, 0.6)), guides)]


def _lined(ink: sheets.Sheet, tall: float, foot: float, rng: Generator) -> _Layer:
    strength = float(rng.uniform(0.12, 0.6) if rng.random() < 0.65 else rng.uniform(0.5, 1))
    lined = np.zeros_like(ink)
    lot = rng.random()
    if lot < 0.15:
        sheets.rule_below(lined, foot, rng)
    elif lot < 0.23:
        sheets.ruled(lined, tall, rng)
    elif lot < 0.33:
        step = tall * float(rng.choice([rng.uniform(0.5, 0.9), rng.uniform(0.9, 2)]))
        sheets.squared(lined, step, (rng.uniform(0, step), foot), rng)
    elif lot < 0.40:
        height, width = ink.shape
        left, top, right, bottom = (rng.uniform(-0.1, 0.35) * tall for _ in range(4))
        sheets.boxes(lined, [(left, top, width - right, height - bottom)], rng)
    else:
        strength = 0.0
    return strength, lined


def _texture(ink: sheets.Sheet, tall: float, rng: Generator) -> _Layer:
    texture = np.zeros_like(ink)
    if rng.random() >= (0.3 if tall > 18 else 0.08):
        return 0.0, texture
    if rng.random() < 0.75:
        sheets.cheque(texture, tall, rng)
    else:
        sheets.weave(texture, rng)
    return float(rng.uniform(0.04, 0.35)), texture


def _stamp(ink: sheets.Sheet, tall: float, rng: Generator) -> _Layer:
    stamped = np.zeros_like(ink)
    if rng.random() >= 0.05:
        return 0.0, stamped
    sheets.stamp(stamped, tall, rng)
    return float(rng.uniform(0.1, 0.45)), stamped


def _taken(cover: Coverage, signs: list[Sign], tall: float, rng: Generator) -> NumberPicture:
    """Picture the sheet by a paint program, a scanner or a camera."""
    scale = LONGEST / max(cover.shape)
    if scale < 1:
        cover = np.asarray(
            cv2.resize(cover, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32
        )
        signs = [
            Sign(kind=sign.kind, box=tuple(scale * side for side in sign.box)) for sign in signs
        ]
    lot = rng.random()
    if rng.random() < 0.2:  # blurred by the camera, or enlarged from a small picture
        sigma = rng.uniform(0.015, 0.045) * tall * min(1.0, scale)
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), max(0.3, sigma)), np.float32)
    if lot < 0.2:
        grey = drawing(cover, rng)
    elif lot < 0.55:
        grey = scan(cover, rng)
    else:
        grey = photo(cover, rng)
    is_dark = bool(_is_dark(grey, cover))
    if is_dark and rng.random() < 0.05:
        grey = _with_dark_margin(grey, [sign.box for sign in signs], rng)
    return NumberPicture(grey=grey, is_dark=is_dark, signs=tuple(signs))


def _is_dark(grey: Grey, cover: Coverage) -> bool:
    inked = cover > 0.6
    if not inked.any() or inked.all():
        return True
    return float(grey[inked].mean()) <= float(grey[~inked].mean())


def _with_dark_margin(grey: Grey, boxes: list[Box], rng: Generator) -> Grey:
    free = int(min((box[0] for box in boxes), default=0))
    if free < 4:
        return grey
    margined = grey.copy()
    margined[:, : int(rng.uniform(0.3, 0.9) * free)] = int(rng.integers(0, 60))
    return margined
