"""A grey picture -> the frames that it may show, those with the highest priors first.

An MNIST frame, or its negative, passes unchanged as the only candidate. From any other picture
`candidates` subtracts the paper (`background`), separates writing from print (`line_removal`),
groups the marks (`components`) and fits them into frames (`mnist_frame`). If the picture may be
understood in several ways, there are several candidates. A picture of MNIST's size that is not
quite a frame may have been meant as one, and is a candidate as it is.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.background import darkness
from digitdrop.preprocess.candidates import CONTRAST, LEAST_PRIOR, candidates
from digitdrop.preprocess.histogram import Tones, shrunk, tones
from digitdrop.preprocess.mnist_frame import FRAME_SIDE, is_framed
from digitdrop.preprocess.sheet import Sheet, find_sheet
from digitdrop.preprocess.strip import Lines, lines, may_be_number
from digitdrop.values import Candidates, Frame, Grey

LONG_SIDE = 320
"""Pictures are reduced to this long side: a digit a tenth as high still fills a frame."""
MOST_FRAMES = 6
"""Candidate frames per picture, at most."""
MOST_INK = 0.42
"""Share of a frame that digits cover at most; in MNIST's test set it is 0.33."""
AS_IS = 0.3, 0.7
"""Prior that a picture of MNIST's size is meant as a frame, though lines, noise or a dark side
hide the end of its ink; and prior that it has its likelier polarity."""
STATIC = 0.4
"""A picture is noise if more than this share of neighbouring pixels lie on different sides of the
threshold: half of them do in white noise, hardly ever three in ten in pictures of digits."""
TELLING = 400
"""A tight crop with fewer pixels than this is never noise: strokes change as often there."""
ALIKE = 0.85
"""Two frames that share this part of their ink are one candidate."""


def normalise(grey: Grey) -> Candidates:
    """Return the frames that a picture may show, in either polarity.

    Args:
        grey: uint8 of any shape (height, width), 0 = black, 255 = white.

    Returns:
        At most `MOST_FRAMES` different frames with their priors, or none and the reason.

    >>> normalise(np.full((100, 80), 255, np.uint8)).reason
    'the picture has one colour only'
    """
    if is_framed(grey):
        return Candidates(frames=(grey,), priors=(1.0,))
    inverted = ~grey
    if is_framed(inverted):
        return Candidates(frames=(inverted,), priors=(1.0,))
    small = shrunk(grey, LONG_SIDE)
    darkest, lightest, *_ = cv2.minMaxLoc(small)
    if lightest - darkest < CONTRAST:
        return Candidates(frames=(), priors=(), reason="the picture has one colour only")
    split = tones(small)
    if _is_static(small, split):
        return Candidates(frames=(), priors=(), reason="the picture shows noise only")
    dark = _dark_on_light(small, split)
    sides = (dark, small, split), (1 - dark, ~small, split.inverted())
    on_sheet = _sheet(small, split)
    found = _on_sheet(*on_sheet) if on_sheet else []
    left = 1 - sum(prior for prior, _ in found)
    for likely, side, its in sorted(sides, key=lambda item: -item[0]):
        likelier = likely * left
        if likelier >= LEAST_PRIOR or not found:
            its_trust = likelier if found else max(likelier, 0.5)
            found += [
                (priors * _inky(frame), frame)
                for priors, frame in candidates(side, its, its_trust)
            ]
    if not found:
        return Candidates(frames=(), priors=(), reason="nothing stands out from the paper")
    if grey.shape == (FRAME_SIDE, FRAME_SIDE):
        found = _and_as_it_is(found, grey, dark)
    seen = _lines_on(*on_sheet, scale=grey.shape[1] / small.shape[1]) if on_sheet else Lines()
    if not seen.strips and may_be_number(small, split, dark):
        seen = lines(grey, dark)
    return replace(_sight(found), strips=seen.strips, several_lines=seen.several)


def _sheet(grey: Grey, split: Tones) -> tuple[Sheet, Tones] | None:
    """Return the sheet that something bounds, with dark ink on light paper, and its tones."""
    for side, its in ((grey, split), (~grey, split.inverted())):
        found = find_sheet(side, its)
        if found is None or np.ptp(found.grey) < CONTRAST:
            continue
        tone = tones(found.grey)
        cell = find_sheet(found.grey, tone)  # of a table on the sheet
        if cell is not None and np.ptp(cell.grey) >= CONTRAST:
            left, top = found.left + cell.left, found.top + cell.top
            inner = replace(found, grey=cell.grey, left=left, top=top)
            return inner, tones(cell.grey)
        return found, tone
    return None


def _on_sheet(found: Sheet, tone: Tones) -> list[tuple[float, Frame]]:
    """Return the frames that a sheet may show."""
    on_it = candidates(found.grey, tone, found.prior)
    return [(prior * _inky(frame), frame) for prior, frame in on_it]


def _lines_on(found: Sheet, tone: Tones, *, scale: float) -> Lines:
    """Find the line of writing on a sheet; `scale` is the size of the picture over the sheet's."""
    if not found.is_on_table or not may_be_number(found.grey, tone, 1.0):
        return Lines()  # digits may cross the lines of a cell
    seen = lines(found.grey, 1.0)
    places = [
        (found.left + left, found.top + top, width, height)
        for left, top, width, height in (strip.box for strip in seen.strips)
    ]
    return Lines(
        strips=tuple(
            replace(
                strip,
                box=(
                    round(left * scale),
                    round(top * scale),
                    round(width * scale),
                    round(height * scale),
                ),
            )
            for strip, (left, top, width, height) in zip(seen.strips, places, strict=True)
        ),
        several=seen.several,
    )


def _is_static(grey: Grey, split: Tones) -> bool:
    """Return True for noise, in which neighbours are unrelated; it may fill a 1's narrow box."""
    if grey.size < TELLING:
        return False
    light = grey > split.threshold
    below, beside = light[1:] != light[:-1], light[:, 1:] != light[:, :-1]
    changes = np.count_nonzero(below) + np.count_nonzero(beside)
    return bool(changes > STATIC * (below.size + beside.size))


def _and_as_it_is(
    found: list[tuple[float, Frame]], grey: Grey, dark: float
) -> list[tuple[float, Frame]]:
    priors, likelier = AS_IS
    first, second = (~grey, grey) if dark >= 0.5 else (grey, ~grey)
    shared = [((1 - priors) * its, frame) for its, frame in found]
    return [*shared, (priors * likelier, first), (priors * (1 - likelier), second)]


def _inky(frame: Frame) -> float:
    """Return 1, or 0.03 for a frame so full of ink that it hardly is a digit."""
    full = np.count_nonzero(frame > 127) > MOST_INK * frame.size
    return 0.03 if full else 1.0


def _sight(found: list[tuple[float, Frame]]) -> Candidates:
    kept: list[tuple[float, Frame]] = []
    shown: list[npt.NDArray[np.bool_]] = []
    for priors, frame in sorted(found, key=lambda item: -item[0]):
        ink = frame > 96
        same = next((at for at, other in enumerate(shown) if _same(ink, other)), None)
        if same is not None:
            kept[same] = kept[same][0] + priors, kept[same][1]
        elif len(kept) < MOST_FRAMES:
            kept.append((priors, frame))
            shown.append(ink)
    kept.sort(key=lambda item: -item[0])
    return Candidates(frames=tuple(f for _, f in kept), priors=tuple(t for t, _ in kept))


def _same(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> bool:
    """Return True if two frames show nearly the same ink."""
    overlap = np.count_nonzero(one & other)
    return bool(overlap > ALIKE * max(np.count_nonzero(one), np.count_nonzero(other)))


def _dark_on_light(grey: Grey, split: Tones) -> float:
    """Return the probability, 0-1, that the ink is the darker part."""
    light = grey > split.threshold
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    shares = [float(np.count_nonzero(part) / part.size) for part in (border, light)]
    evidence = 6 * (sum(shares) - 1)
    if not (split.dark_is_even and split.light_is_even and abs(evidence) > 4):
        evidence += 2 * math.log(darkness(grey))
    return 1 / (1 + math.exp(-evidence))
