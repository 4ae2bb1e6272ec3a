"""Good pictures of digits with something dark around them: a table, a frame, a line, a box.

Made by other code than the pictures that `train` learns from.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Chance = np.random.Generator
Picture = npt.NDArray[np.uint8]
"""Shape (height, width), 0 = black, 255 = white: dark ink on light paper."""

SMALL = 80
"""Long side, in pixels, of a small crop."""
_ROOM = 0.12
"""Least distance of a line from the digit, as a share of the digit's longer side."""


def turned_sheet(page: Picture, chance: Chance, degrees: float = 2.0) -> Picture:
    """Lay a sheet on an even dark table, turned a little, with the table on all sides."""
    return _laid(page, np.full(_room(page, 1.25), chance.uniform(15, 70)), degrees, (0.0, 0.0))


def sheet_on_wood(page: Picture, chance: Chance) -> Picture:
    """Lay a sheet off the middle of a grained table, turned by up to 8 degrees."""
    height, width = _room(page, chance.uniform(1.15, 1.5))
    rows = np.arange(height)[:, None] / max(height, width)
    columns = np.arange(width)[None] / max(height, width)
    bend = np.sin(chance.uniform(2, 6) * columns + chance.uniform(0, 6)) * 0.03
    grain = np.sin((rows + bend) * chance.uniform(40, 160)) + chance.normal(
        0, 0.5, (height, width)
    )
    level = chance.uniform(40, 120)
    table = cv2.GaussianBlur(level * (1 + 0.15 * grain), (0, 0), 1.0)
    move = chance.uniform(-0.8, 0.8), chance.uniform(-0.8, 0.8)
    return _laid(page, np.asarray(table), chance.uniform(-8, 8), move)


def framed(page: Picture, chance: Chance, share: float) -> Picture:
    """Paint a dark frame over the border, as thick as this share of the longer side."""
    thick = max(1, round(share * max(page.shape)))
    out = cv2.copyMakeBorder(
        page, thick, thick, thick, thick, cv2.BORDER_CONSTANT, value=chance.uniform(0, 50)
    )
    return np.asarray(out, np.uint8)


def bound(page: Picture, chance: Chance) -> Picture:
    """Add a dark band at the left, 5 % of the width: the binding of a book."""
    thick = max(1, round(0.05 * page.shape[1]))
    level = chance.uniform(0, 50)
    out = cv2.copyMakeBorder(page, 0, 0, thick, 0, cv2.BORDER_CONSTANT, value=level)
    return np.asarray(out, np.uint8)


def line_beside(page: Picture, chance: Chance) -> Picture:
    """Draw one upright line from border to border, right of the digit."""
    page, (_, _, right, _), room = _spaced(page)
    return _ruled(page, chance, [((right + room, -9), (right + room, 9999))])


def lines_beside(page: Picture, chance: Chance) -> Picture:
    """Draw the lines of a column, on either side of the digit."""
    page, (left, _, right, _), room = _spaced(page)
    places = left - room, right + room
    return _ruled(page, chance, [((x, -9), (x, 9999)) for x in places])


def line_under(page: Picture, chance: Chance) -> Picture:
    """Draw a line from border to border under the digit, in a small crop."""
    page, (_, _, _, bottom), room = _spaced(_reduced(page))
    return _ruled(page, chance, [((-9, bottom + room), (9999, bottom + room))])


def boxed(page: Picture, chance: Chance) -> Picture:
    """Draw a box around the digit."""
    page, (left, top, right, bottom), room = _spaced(page)
    corners = [
        (left - room, top - room),
        (right + room, top - room),
        (right + room, bottom + room),
        (left - room, bottom + room),
    ]
    return _ruled(page, chance, list(zip(corners, corners[1:] + corners[:1], strict=True)))


def boxed_small(page: Picture, chance: Chance) -> Picture:
    """Draw a box around the digit, in a small crop."""
    return boxed(_reduced(page), chance)


KINDS: dict[str, Callable[[Picture, Chance], Picture]] = {
    "nothing": lambda page, _: page,
    "a dark table, turned by 2 degrees": turned_sheet,
    "a wooden table, turned by up to 8 degrees": sheet_on_wood,
    "a dark frame of 1 %": lambda page, chance: framed(page, chance, 0.01),
    "a dark frame of 3 %": lambda page, chance: framed(page, chance, 0.03),
    "a dark frame of 10 %": lambda page, chance: framed(page, chance, 0.1),
    "a dark band of 5 % at the left": bound,
    "a line beside it": line_beside,
    "a line on either side": lines_beside,
    "a box around it": boxed,
    "a box around it, small crop": boxed_small,
    "a line under it, small crop": line_under,
}


def _room(page: Picture, factor: float) -> tuple[int, int]:
    """Return the size of a table on which a sheet lies."""
    margin = round((factor - 1) * max(page.shape))
    return page.shape[0] + margin, page.shape[1] + margin


def _laid(
    page: Picture,
    table: npt.NDArray[np.floating],
    degrees: float,
    move: tuple[float, float],
) -> Picture:
    """Lay the sheet on the table; (0, 0) is the middle, (1, 1) where it would reach the border."""
    height, width = table.shape
    way = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), degrees, 1.0)
    for axis, (outer, inner) in enumerate(((width, page.shape[1]), (height, page.shape[0]))):
        way[axis, 2] += (outer - inner) / 2 * (1 + move[1 - axis])
    seen = cv2.warpAffine(page.astype(np.float64), way, (width, height), flags=cv2.INTER_LINEAR)
    share = cv2.warpAffine(np.ones(page.shape), way, (width, height), flags=cv2.INTER_LINEAR)
    return np.clip(np.rint(seen + (1 - share) * table), 0, 255).astype(np.uint8)


def _reduced(page: Picture) -> Picture:
    scale = SMALL / max(page.shape)
    if scale >= 1:
        return page
    size = max(1, round(page.shape[1] * scale)), max(1, round(page.shape[0] * scale))
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)


def _spaced(page: Picture) -> tuple[Picture, tuple[int, int, int, int], int]:
    """Make room around the digit; return the page, the digit's box, and the least distance."""
    room = max(2, round(_ROOM * max(page.shape)))
    # Paper without ink: replicated, a stroke at the border would run on.
    brush = np.ones((max(page.shape) // 5 | 1,) * 2, np.uint8)
    paper = cv2.morphologyEx(page, cv2.MORPH_CLOSE, brush)
    wide = cv2.copyMakeBorder(paper, *(2 * room,) * 4, cv2.BORDER_REPLICATE)
    wide[2 * room : -2 * room, 2 * room : -2 * room] = page
    split = cv2.threshold(page, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    left, top, width, height = cv2.boundingRect(split)
    start = left + 2 * room, top + 2 * room
    return np.asarray(wide, np.uint8), (*start, start[0] + width, start[1] + height), room


def _ruled(
    page: Picture, chance: Chance, lines: list[tuple[tuple[int, int], tuple[int, int]]]
) -> Picture:
    out = page.copy()
    thick = max(1, round(chance.uniform(0.008, 0.02) * max(page.shape)))
    level = round(chance.uniform(0, 0.5) * float(np.median(page)))
    for start, end in lines:
        cv2.line(out, start, end, level, thick, cv2.LINE_AA)
    return out
