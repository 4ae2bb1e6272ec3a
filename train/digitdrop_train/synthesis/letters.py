"""Letters and signs that nobody takes for a digit: by hand, and in all typefaces at hand."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from digitdrop.values import Ink
from digitdrop_train.synthesis.alphabet import Form
from digitdrop_train.synthesis.geometry import clip_ink
from digitdrop_train.synthesis.strokes import CANVAS, draw_strokes, pen_width, write_form

LATIN = "ACEFHKLMNPRTUVWXYacdefhkmnprtuvwx#@%+=*~"
"""Left out: B D G I J O Q S Z b g i j l o q s y z & ? ! / ( ) < >, which may be digits."""
GREEK_AND_CYRILLIC = "ΔΛΞΠΣΨΩακλμπχψωДЖИКЛМНПЦШЩЫЯжилмнпцшщыя"
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
HANDWRITTEN = 0.4
"""Probability of a letter drawn stroke by stroke."""
TYPE_SIZE = 72
"""Height of type on the canvas, in pixels."""

LETTER_FORMS: tuple[Form, ...] = (
    Form(("l 0,100 50,0 100,100", "l 20,62 80,62")),  # A
    Form(("c 5,100 20,30 50,0 80,35 95,100", "l 15,60 88,58")),
    Form(("c 95,15 60,0 10,30 5,70 50,100 95,85",)),  # C
    Form(("l 100,0 5,0 5,100 100,100", "l 5,50 80,48")),  # E
    Form(("l 100,0 5,0 0,100", "l 3,48 75,46")),  # F
    Form(("l 0,0 0,100", "l 100,0 100,100", "l 0,50 100,50")),  # H
    Form(("c 0,20 20,0 25,100", "c 80,0 95,40 85,100", "c 0,60 50,40 100,50")),
    Form(("l 0,0 0,100", "l 95,0 0,55", "l 25,42 100,100")),  # K
    Form(("l 5,0 5,98 100,98",)),  # L
    Form(("l 0,100 10,0 50,70 90,0 100,100",)),  # M
    Form(("c 0,100 15,0 25,10 48,80 70,10 85,0 100,100",)),
    Form(("l 0,100 5,0 95,100 100,0",)),  # N
    Form(("l 5,0 5,100", "c 5,5 60,0 95,25 60,50 5,52")),  # P
    Form(("l 5,0 5,100", "c 5,5 60,0 95,22 60,46 5,50", "l 40,50 100,100")),  # R
    Form(("c 10,5 60,-5 95,20 60,48 30,50 60,60 100,100", "l 15,10 5,100")),
    Form(("l 0,0 100,0", "l 50,0 50,100")),  # T
    Form(("c 0,0 2,70 30,100 70,100 95,70 100,0",)),  # U
    Form(("l 0,0 50,100 100,0",)),  # V
    Form(("l 0,0 25,100 50,30 75,100 100,0",)),  # W
    Form(("c 0,5 15,95 45,90 50,35 60,95 90,90 100,0",)),
    Form(("l 0,0 100,100", "l 100,0 0,100")),  # X
    Form(("c 0,5 40,30 60,70 100,95", "c 95,0 60,35 40,65 0,100")),
    Form(("l 0,0 50,48", "l 100,0 50,48 48,100")),  # Y
    # a, wide enough to be none of 0, 2 and 9.
    Form(("c 88,20 50,0 5,30 10,85 50,100 88,60", "c 90,5 86,60 90,92 100,98"), wide=(0.7, 1.1)),
    Form(("c 85,55 45,40 5,65 20,98 60,95 88,65", "l 90,0 90,100")),  # d
    Form(("c 5,55 95,50 70,5 20,15 5,60 45,100 95,85",)),  # e
    Form(("c 90,10 60,0 45,30 42,100", "l 10,45 85,42")),  # f
    Form(("l 5,0 5,100", "c 5,65 40,40 85,50 90,100")),  # h
    Form(("l 5,0 5,100", "l 80,40 5,70", "l 25,62 85,100")),  # k
    Form(("l 0,20 2,100", "c 2,45 25,20 48,35 50,100", "c 50,45 75,20 98,35 100,100")),  # m
    Form(("l 5,10 5,100", "c 5,40 45,0 90,20 95,100")),  # n
    Form(("l 10,10 10,100", "c 10,45 40,5 90,15")),  # r
    Form(("c 40,0 38,80 60,100 90,85", "l 5,30 85,28")),  # t
    Form(("c 0,5 5,80 40,100 85,70 90,5", "l 90,5 95,100")),  # u
    Form(("l 30,0 20,100", "l 75,0 65,100", "l 0,32 100,30", "l 0,68 100,66")),  # number sign
    Form(("l 0,25 100,22", "l 0,75 100,75"), 0.5, (0.7, 1.5)),  # equals
    Form(("l 50,0 50,100", "l 5,20 95,80", "l 95,20 5,80")),  # asterisk
    Form(("l 50,0 50,100", "l 0,50 100,50"), 0.5),  # plus
    Form(("c 50,100 0,40 15,0 50,25 85,0 100,40 50,100",)),  # heart
    Form(("l 50,0 100,100 0,100 50,0",)),  # triangle
    Form(("l 0,55 35,100 100,0",), 1.0, (0.8, 1.4)),  # tick
    Form(("c 55,50 45,40 40,60 60,65 70,40 50,20 15,50 45,95 95,80",)),  # spiral
    Form(("l 0,50 100,50", "l 70,20 100,50 70,80"), 0.5, (0.8, 1.6)),  # arrow
    Form(("c 0,60 15,30 35,60 50,80 65,50 85,20 100,45",), 1.0, (1.2, 2.5)),  # wave
)
"""Letters, signs and shapes; left out, as in `LATIN`, is all that may pass for a digit."""


def letter(rng: Generator) -> Ink:
    """Draw one letter or sign, slanted, stretched and bent; return uint8 (112, 112)."""
    if rng.random() < HANDWRITTEN:
        return handwritten_letter(rng)
    faces = _typefaces()
    if not faces or rng.random() < 0.5:
        return _bent(_hershey(LATIN[rng.integers(len(LATIN))], rng), rng)
    signs = GREEK_AND_CYRILLIC if rng.random() < 0.35 else LATIN
    return _bent(_typeset(signs[rng.integers(len(signs))], rng), rng)


def handwritten_letter(rng: Generator) -> Ink:
    """Draw one of `LETTER_FORMS`; return uint8 (112, 112), not yet in MNIST's geometry."""
    form = LETTER_FORMS[rng.integers(len(LETTER_FORMS))]
    return draw_strokes(write_form(form, rng), pen_width(rng))


def _hershey(sign: str, rng: Generator) -> Ink:
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    face = HERSHEY[rng.integers(len(HERSHEY))] | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    pen = int(rng.integers(1, 10))
    cv2.putText(canvas, sign, (24, 84), face, 2.4, 255, pen, cv2.LINE_AA)
    return canvas


def _typeset(sign: str, rng: Generator) -> Ink:
    faces = _typefaces()
    page = Image.new("L", (CANVAS, CANVAS))
    font = _font(faces[rng.integers(len(faces))])
    ImageDraw.Draw(page).text((CANVAS / 2, CANVAS / 2), sign, 255, font, anchor="mm")
    return np.asarray(page)


def _bent(ink: Ink, rng: Generator) -> Ink:
    """Slant, stretch and bend a printed sign towards handwriting."""
    height, width = ink.shape
    slant, turn = rng.normal(0, 0.2), rng.normal(0, 0.12)
    wide, high = np.exp(rng.normal(0, 0.15, 2))
    linear = np.array([[wide, slant], [turn, high]])
    middle = np.array([width, height]) / 2
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - middle
    wave = cv2.resize(rng.normal(0, 4, (5, 5, 2)), (width, height), interpolation=cv2.INTER_CUBIC)
    source = np.asarray(grid @ linear.T + middle + wave, np.float32)
    return clip_ink(cv2.remap(ink, source[..., 0], source[..., 1], cv2.INTER_LINEAR))


@cache
def _typefaces() -> tuple[Path, ...]:
    """Return the typefaces that come with matplotlib; none where it is not installed."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        return ()
    folder = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    # The two Display faces hold a few signs only, and draw boxes for the rest.
    return tuple(sorted(set(folder.glob("DejaVu*.ttf")) - set(folder.glob("*Display.ttf"))))


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, TYPE_SIZE)
