"""A grey picture -> the frames that it may show, most trusted first.

A picture that already is an MNIST frame, or its negative, passes unchanged and
alone. Of any other, `candidates` takes the paper away (`paper`), tells writing
from print (`ruling`), puts the marks together (`marks`) and fits them into frames
(`framing`); where the picture leaves it open what is ink, or what belongs to
the digit, there are several. A picture of MNIST's size that is not quite a frame
may have been meant as one, and is also shown as it is.
"""

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.background import darkness
from digitdrop.preprocess.candidates import CONTRAST, LEAST_TRUST, candidates
from digitdrop.preprocess.histogram import Tones, shrunk, tones
from digitdrop.preprocess.mnist_frame import SIDE, is_framed
from digitdrop.preprocess.strip import Lines, lines, may_be_number
from digitdrop.values import Frame, Grey, Sight

LONG_SIDE = 320
"""Pictures are looked at with this long side: a digit a tenth as high still fills a frame."""
MOST = 6
"""Candidate frames per picture, at most."""
MOST_INK = 0.42
"""Share of a frame that digits cover at most; in MNIST's test set it is 0.33."""
AS_IS = 0.3, 0.7
"""How far to trust that a picture of MNIST's size is meant as a frame, however spoiled: lines,
noise or a dark side may hide where its ink ends; and that it has its likelier polarity."""
STATIC = 0.4
"""Where more of all neighbouring pixels than this lie on different sides of the threshold, there
is noise alone: of white noise half do, of pictures of digits hardly ever three in ten ..."""
TELLING = 400
"""... but for tight crops with fewer pixels than this: there even strokes change as often."""
ALIKE = 0.85
"""Two frames that share so much of their ink are one reading."""


def look(grey: Grey) -> Sight:
    """Find what may be the digit in a picture, in either polarity.

    Args:
        grey: uint8 of any shape (height, width), 0 = black, 255 = white.

    Returns:
        At most six different frames with their trust, or none and the reason.
    """
    if is_framed(grey):
        return Sight(frames=(grey,), trust=(1.0,))
    inverted = ~grey
    if is_framed(inverted):
        return Sight(frames=(inverted,), trust=(1.0,))
    small = shrunk(grey, LONG_SIDE)
    darkest, lightest, *_ = cv2.minMaxLoc(small)
    if lightest - darkest < CONTRAST:
        return Sight(frames=(), trust=(), reason="the picture has one colour only")
    found: list[tuple[float, Frame]] = []
    split = tones(small)
    if _is_static(small, split):
        return Sight(frames=(), trust=(), reason="the picture shows noise only")
    dark = _dark_on_light(small, split)
    sides = (dark, small, split), (1 - dark, ~small, split.inverted())
    for likely, side, its in sorted(sides, key=lambda item: -item[0]):
        if likely >= LEAST_TRUST or not found:
            its_trust = likely if found else max(likely, 0.5)
            found += [
                (trust * _inky(frame), frame) for trust, frame in candidates(side, its, its_trust)
            ]
    if not found:
        return Sight(frames=(), trust=(), reason="nothing stands out from the paper")
    if grey.shape == (SIDE, SIDE):
        found = _and_as_it_is(found, grey, dark)
    seen = lines(grey, dark) if may_be_number(small, split, dark) else Lines()
    return replace(_sight(found), strips=seen.strips, several_lines=seen.several)


def _is_static(grey: Grey, split: Tones) -> bool:
    """Tell noise, in which a pixel says nothing of the next; it may fill a 1's narrow box."""
    if grey.size < TELLING:
        return False
    light = grey > split.threshold
    below, beside = light[1:] != light[:-1], light[:, 1:] != light[:, :-1]
    changes = np.count_nonzero(below) + np.count_nonzero(beside)
    return bool(changes > STATIC * (below.size + beside.size))


def _and_as_it_is(
    found: list[tuple[float, Frame]], grey: Grey, dark: float
) -> list[tuple[float, Frame]]:
    trust, likelier = AS_IS
    first, second = (~grey, grey) if dark >= 0.5 else (grey, ~grey)
    shared = [((1 - trust) * its, frame) for its, frame in found]
    return [*shared, (trust * likelier, first), (trust * (1 - likelier), second)]


def _inky(frame: Frame) -> float:
    """Return 1, or little for a frame so full of ink that it hardly is a digit."""
    full = np.count_nonzero(frame > 127) > MOST_INK * frame.size
    return 0.03 if full else 1.0


def _sight(found: list[tuple[float, Frame]]) -> Sight:
    kept: list[tuple[float, Frame]] = []
    shown: list[npt.NDArray[np.bool_]] = []
    for trust, frame in sorted(found, key=lambda item: -item[0]):
        ink = frame > 96
        same = next((at for at, other in enumerate(shown) if _same(ink, other)), None)
        if same is not None:
            kept[same] = kept[same][0] + trust, kept[same][1]
        elif len(kept) < MOST:
            kept.append((trust, frame))
            shown.append(ink)
    kept.sort(key=lambda item: -item[0])
    return Sight(frames=tuple(f for _, f in kept), trust=tuple(t for t, _ in kept))


def _same(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> bool:
    """Tell whether two frames show the same ink, all but a little of it."""
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
