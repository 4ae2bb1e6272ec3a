"""Whole pictures made of MNIST frames: what people drop, before it is read.

Put through `decode`'s successor `glyph`, they show the network the frames that
it will meet, wrong readings among them, and give the pictures on which
temperature and thresholds are chosen. Paper and camera are in `papers`.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from train.papers import Cover, drawing, photo, scan, shade
from train.script import written
from worker.values import Frame, Grey

LETTERS = "ACEFHKMNPRTUVWXcdefhkmnprtuvwx@#%+*={}[]"
"""What does not pass for a digit: B b D G g I i J j L l O o Q q S s Y y Z z a & and the like
are left out."""


FINE = 5
"""Digits are written at this many times MNIST's resolution, then brought to their size."""


def scene(frames: Sequence[Frame], rng: np.random.Generator) -> Grey:
    """Return a picture of one digit, or of the number that several make.

    Args:
        frames: the digits from left to right.
        rng: decides everything else: pen, size, place, paper, light, camera.

    Returns:
        uint8 of shape (height, width), the long side 16-400 pixels.
    """
    if len(frames) == 1 and rng.random() < 0.12:
        return _tight(frames[0], rng)
    tall = _height(rng) if len(frames) == 1 else int(rng.integers(24, 90))
    pen = _pen(rng)
    return _taken(_laid_out([_written(frame, tall, pen, rng) for frame in frames], rng), rng)


def nondigit(rng: np.random.Generator) -> Grey:
    """Return a picture of something else: a letter, a scribble, a plot, a photograph."""
    kind = rng.random()
    if kind < 0.2:
        return _taken(_laid_out([_bent(written(rng), _height(rng), rng)], rng), rng)
    if kind < 0.4:
        return _taken(_letters(1, rng), rng)
    if kind < 0.5:
        return _taken(_letters(int(rng.integers(3, 12)), rng), rng)
    if kind < 0.75:
        return _taken(_scribble(rng), rng)
    if kind < 0.85:
        return _taken(_plot(rng), rng)
    return _view(rng)


def blank(rng: np.random.Generator) -> Grey:
    """Return a picture of paper with nothing on it."""
    sides = rng.integers(20, 400, 2)
    empty = np.zeros(sides, np.float32)
    if rng.random() < 0.15:
        return np.full(sides, rng.integers(256), np.uint8)
    if rng.random() < 0.4:
        return shade((int(sides[0]), int(sides[1])), rng)
    return photo(empty, rng) if rng.random() < 0.8 else scan(empty, rng)


def likeness(one: Frame, other: Frame) -> float:
    """Return how alike two frames look, -1 to 1; above 0.7 they show the same digit.

    Meant to tell the right reading of a scene from the wrong ones: pens and
    papers change a digit a little, a wrong reading is something else.
    """
    blurred = np.stack(
        [cv2.GaussianBlur(frame / 255, (0, 0), 1.5).ravel() for frame in (one, other)]
    )
    return float(np.atleast_2d(np.corrcoef(blurred))[0, 1])


def _height(rng: np.random.Generator) -> int:
    return round(math.exp(rng.uniform(math.log(14), math.log(260))))


def _pen(rng: np.random.Generator) -> float:
    """Return the pen's width as a share of the digit's height; 0 = as it is in MNIST."""
    return 0.0 if rng.random() < 0.5 else math.exp(rng.uniform(math.log(0.012), math.log(0.12)))


def _written(frame: Frame, tall: int, pen: float, rng: np.random.Generator) -> Cover:
    """Write a frame's digit `tall` pixels high (its box's long side), with this pen."""
    left, top, width, height = cv2.boundingRect(frame)
    box = cv2.copyMakeBorder(
        frame[top : top + height, left : left + width], 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=0
    )
    soft = cv2.resize(box, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    shape = np.where(cv2.GaussianBlur(soft, (0, 0), 1.5) > 110, 255, 0).astype(np.uint8)
    if pen:
        shape = _redrawn(shape, max(1, round(100 * max(pen, 1.4 / tall))))
    turn = np.eye(2) + rng.normal(0, 0.06, (2, 2))
    turn *= tall / (20 * FINE)
    sides = np.array(shape.shape[::-1])
    out = np.ceil(np.abs(turn) @ sides).astype(int)
    move = np.c_[turn, out / 2 - turn @ (sides / 2)]
    small = turn[0, 0] < 0.6
    if small:  # average before reducing, as a camera does
        shape = cv2.GaussianBlur(shape, (0, 0), 0.4 / float(turn[0, 0])).astype(np.uint8)
    cover = cv2.warpAffine(shape, move, (int(out[0]), int(out[1])), flags=cv2.INTER_LINEAR)
    cover = cover.astype(np.float32) / max(1, int(cover.max()))
    left, top, width, height = cv2.boundingRect((cover > 0.1).astype(np.uint8))
    return np.asarray(cover[top : top + height, left : left + width], np.float32)


def _redrawn(shape: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    """Draw the middle line of a shape again with a pen of this width."""
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    ridge = (depth > 0.5) & (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.45)
    line = cv2.morphologyEx(ridge.astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((3, 3)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    return cv2.dilate(line, brush).astype(np.uint8)


def _laid_out(covers: Sequence[Cover], rng: np.random.Generator) -> Cover:
    """Put pieces side by side on an empty sheet, somewhere, with some room around."""
    tall = max(cover.shape[0] for cover in covers)
    gaps = rng.normal(0.12, 0.12, len(covers)) * tall
    wide = int(sum(cover.shape[1] for cover in covers) + max(0.0, gaps.sum()) + tall)
    room = [int(tall * _room(rng)) for _ in range(4)]
    sheet = np.zeros((room[0] + tall + room[1], room[2] + wide + room[3]), np.float32)
    at = room[2]
    right = at
    for cover, gap in zip(covers, gaps, strict=True):
        height, width = cover.shape
        top = room[0] + int(rng.uniform(0.3, 0.7) * (tall - height))
        part = sheet[top : top + height, at : at + width]
        np.maximum(part, cover[:, : part.shape[1]], out=part)
        right = min(at + width, sheet.shape[1])
        at = max(0, right + int(gap))
    sheet = sheet[:, : right + room[3]]
    scale = 400 / max(sheet.shape)
    if scale < 1:
        sheet = np.asarray(
            cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32
        )
    return sheet


def _room(rng: np.random.Generator) -> float:
    return float(rng.choice([rng.uniform(0, 0.1), rng.uniform(0.1, 0.6), rng.uniform(0.3, 2)]))


def _taken(cover: Cover, rng: np.random.Generator) -> Grey:
    way = rng.random()
    small = max(cover.shape) < 80  # hardly anybody takes such a photo
    if way < (0.6 if small else 0.25):
        return drawing(cover, rng)
    return scan(cover, rng) if way < (0.85 if small else 0.4) else photo(cover, rng)


def _tight(frame: Frame, rng: np.random.Generator) -> Grey:
    """Return a digit cropped to its ink, and often stretched to fill a square."""
    cover = _written(frame, 100, _pen(rng), rng)
    side = int(rng.integers(16, 64))
    square = rng.random() < 0.6
    width = side if square else max(4, round(side * cover.shape[1] / cover.shape[0]))
    cover = cv2.resize(cover, (width, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    return drawing(cover, rng)


def _letters(count: int, rng: np.random.Generator) -> Cover:
    text = "".join(rng.choice(list(LETTERS), count))
    sheet = np.zeros((200, 160 * count + 100), np.uint8)
    font = int(rng.integers(0, 8)) | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    cv2.putText(sheet, text, (50, 140), font, 3.5, 255, int(rng.integers(3, 18)), cv2.LINE_AA)
    tall = _height(rng) if count == 1 else int(rng.integers(12, 80))
    return _laid_out([_bent(sheet, tall, rng)], rng)


def _scribble(rng: np.random.Generator) -> Cover:
    sheet = np.zeros((200, 200), np.uint8)
    thick = int(rng.integers(2, 16))
    for _ in range(int(rng.integers(1, 4))):
        knots = rng.uniform(20, 180, (int(rng.integers(3, 8)), 2))
        steps = np.linspace(0, 1, 60)[:, None]
        order = len(knots) - 1
        curve = sum(
            math.comb(order, i) * steps**i * (1 - steps) ** (order - i) * knots[i]
            for i in range(order + 1)
        )
        curve = (curve - np.mean(curve, axis=0)) * rng.uniform(1, 1.8) + 100
        cv2.polylines(sheet, [curve.astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return _laid_out([_bent(sheet, _height(rng), rng)], rng)


def _plot(rng: np.random.Generator) -> Cover:
    sheet = np.zeros((200, 280), np.uint8)
    cv2.rectangle(sheet, (30, 15), (265, 175), 255, 1 if rng.random() < 0.7 else 2)
    for _ in range(int(rng.integers(1, 4))):
        heights = np.clip(95 + np.cumsum(rng.normal(0, 14, 16)), 15, 175)
        points = np.stack([np.linspace(30, 265, 16), heights], axis=1).astype(np.int32)
        cv2.polylines(sheet, [points], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    for at in range(40, 260, 45):
        cv2.putText(sheet, str(at), (at, 190), 0, 0.35, 255, 1, cv2.LINE_AA)
    return _laid_out([sheet.astype(np.float32) / np.float32(255)], rng)


def _view(rng: np.random.Generator) -> Grey:
    """Return soft shapes of all sizes, as photographs of anything have them."""
    sides = rng.integers(28, 200, 2)
    view = np.zeros(sides, np.float32)
    for octave in range(1, 6):
        size = (int(sides[1]), int(sides[0]))
        coarse = rng.standard_normal((2**octave + 1, 2**octave + 1), dtype=np.float32)
        view += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) / octave
    for _ in range(int(rng.integers(0, 5))):
        at = (int(rng.integers(sides[1])), int(rng.integers(sides[0])))
        axes = (int(rng.integers(2, 50)), int(rng.integers(2, 50)))
        tone = float(rng.normal(0, 1.5))
        cv2.ellipse(view, at, axes, float(rng.uniform(0, 180)), 0, 360, tone, -1)
    grey: Grey = np.clip(127 + view * rng.uniform(15, 60), 0, 255).astype(np.uint8)
    return grey


def _bent(sheet: npt.NDArray[np.uint8], tall: int, rng: np.random.Generator) -> Cover:
    """Turn and slant a shape, and crop it to its ink, `tall` pixels high."""
    turn = np.eye(2) + rng.normal(0, 0.1, (2, 2))
    middle = np.array(sheet.shape[::-1]) / 2
    move = np.c_[turn, middle - turn @ middle]
    bent = cv2.warpAffine(sheet, move, sheet.shape[::-1]).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(bent)
    crop = bent[top : top + max(1, height), left : left + max(1, width)]
    scale = tall / crop.shape[0]
    size = (max(1, round(crop.shape[1] * scale)), tall)
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(
        255
    )
