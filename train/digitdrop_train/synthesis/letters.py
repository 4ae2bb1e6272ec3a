"""Letters and signs that nobody takes for a digit: by hand, and in every typeface at hand."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitdrop_train.synthesis.geometry import Ink, as_ink
from digitdrop_train.synthesis.script import written

Chance = np.random.Generator

PLAIN = "ACEFHKLMNPRTUVWXYacdefhkmnprtuvwx#@%+=*~"
"""Left out: B D G I J O Q S Z b g i j l o q s y z & ? ! / ( ) < >, which may be digits."""
FOREIGN = "ΔΛΞΠΣΨΩακλμπχψωДЖИКЛМНПЦШЩЫЯжилмнпцшщыя"
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
WRITTEN = 0.4
"""How often a letter is written stroke by stroke."""
SIZE = 72
ROOM = 112


def letter(chance: Chance) -> Ink:
    """Draw one letter or sign, slanted, stretched and bent; uint8 (112, 112)."""
    if chance.random() < WRITTEN:
        return written(chance)
    faces = typefaces()
    if not faces or chance.random() < 0.5:
        return bend(_hershey(PLAIN[chance.integers(len(PLAIN))], chance), chance)
    signs = FOREIGN if chance.random() < 0.35 else PLAIN
    return bend(typeset(signs[chance.integers(len(signs))], chance), chance)


def _hershey(sign: str, chance: Chance) -> Ink:
    canvas = np.zeros((ROOM, ROOM), np.uint8)
    face = HERSHEY[chance.integers(len(HERSHEY))] | (
        cv2.FONT_ITALIC if chance.random() < 0.3 else 0
    )
    pen = int(chance.integers(1, 10))
    cv2.putText(canvas, sign, (24, 84), face, 2.4, 255, pen, cv2.LINE_AA)
    return canvas


def typeset(sign: str, chance: Chance) -> Ink:
    """Set one character in a typeface drawn by lot; uint8 (112, 112)."""
    faces = typefaces()
    page = Image.new("L", (ROOM, ROOM))
    font = _font(faces[chance.integers(len(faces))])
    ImageDraw.Draw(page).text((ROOM / 2, ROOM / 2), sign, 255, font, anchor="mm")
    return np.asarray(page)


def bend(ink: Ink, chance: Chance) -> Ink:
    """Slant, stretch and bend a drawing, as a hand would have written it."""
    height, width = ink.shape
    slant, turn = chance.normal(0, 0.2), chance.normal(0, 0.12)
    wide, high = np.exp(chance.normal(0, 0.15, 2))
    linear = np.array([[wide, slant], [turn, high]])
    middle = np.array([width, height]) / 2
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - middle
    wave = cv2.resize(
        chance.normal(0, 4, (5, 5, 2)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    source = np.asarray(grid @ linear.T + middle + wave, np.float32)
    return as_ink(cv2.remap(ink, source[..., 0], source[..., 1], cv2.INTER_LINEAR))


@cache
def typefaces() -> tuple[Path, ...]:
    """Find the typefaces that come with matplotlib; none when it is not installed."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        return ()
    folder = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    # The two Display faces hold a few signs only, and draw boxes for the rest.
    return tuple(sorted(set(folder.glob("DejaVu*.ttf")) - set(folder.glob("*Display.ttf"))))


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, SIZE)
