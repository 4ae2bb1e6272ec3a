"""Contents that mean harm, or are no picture: of `hostile.py`. Each is made once."""

import io
import random
import re
import zlib
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from PIL import Image

from fuzz import mutants, seeds
from test_fuzz import HEAVY

SCANS = 2_000


def a_digit(number: int) -> bytes:
    """Draw a digit as MNIST has them, as PNG; no two numbers below 2^28 have the same bytes."""
    picture = np.zeros((28, 28), np.uint8)
    choose = random.Random(number)
    at = (choose.randint(5, 9), choose.randint(20, 24))
    cv2.putText(picture, str(abs(number) % 10), at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255,), 2)
    picture[27] = [number >> bit & 1 for bit in range(28)]  # nobody sees the difference
    return cv2.imencode(".png", picture)[1].tobytes()


def halves(number: int) -> bytes:
    """Cut a picture of some format off in the middle."""
    whole = _some(number)
    return whole[: len(whole) // 2]


def tails_of_zeros(number: int) -> bytes:
    """Have zeros for the second half of a picture, as where its room was made first."""
    whole = _some(number)
    return whole[: len(whole) // 2].ljust(len(whole), b"\0")


def middles_of_zeros(number: int) -> bytes:
    """Have zeros for the third quarter of a picture: its blocks came out of order."""
    whole = _some(number)
    half, end = len(whole) // 2, len(whole) * 3 // 4
    return whole[:half] + bytes(end - half) + whole[end:]


def damaged(number: int) -> bytes:
    """Damage a picture of some format."""
    return _damaged()[number % 500]


def heavy(number: int) -> bytes:
    """Make one of the bombs, headers that lie and pictures of thousands of frames."""
    return _heavy([*HEAVY][number % len(HEAVY)])


@cache
def progressive(_: int = 0) -> bytes:
    """Make a JPEG of 45 megapixels that goes over all of them again for each 60 bytes or so."""
    file = io.BytesIO()
    Image.new("L", (9_000, 5_000), 255).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = [found.start() for found in re.finditer(b"\xff\xda", whole)][-1]
    return whole[:last] + whole[last:-2] * SCANS + whole[-2:]


@cache
def commented(_: int = 0) -> bytes:
    """Make a PNM whose head is 40 MB of comment."""
    return b"P5\n#" + b"c" * 40_000_000 + b"\n28 28\n255\n" + bytes(28 * 28)


@cache
def many_comments(_: int = 0) -> bytes:
    """Make a PNM of a million comments, one a line."""
    return b"P5\n" + b"#\n" * 1_000_000 + b"28 28\n255\n" + bytes(28 * 28)


@cache
def many_chunks(_: int = 0) -> bytes:
    """Make a PNG of half a million empty chunks before the first that shows anything."""
    whole = a_digit(7)
    empty = b"\0\0\0\0tEXt" + zlib.crc32(b"tEXt").to_bytes(4, "big")
    return whole[:33] + empty * 500_000 + whole[33:]


def no_picture(number: int) -> bytes:
    """Give what people drop by mistake."""
    kinds = [
        b"",
        b"%PDF-1.7\n",
        b"<html>",
        b"PK\3\4",
        b"\x7fELF",
        b"#!/bin/sh\nexit 1\n",
        b"\0" * 999,
    ]
    return kinds[number % len(kinds)]


def pages(number: int) -> bytes:
    """Make a document of several pages, or an animation."""
    frames = [Image.open(io.BytesIO(a_digit(number + page))) for page in range(3)]
    file = io.BytesIO()
    form = ("TIFF", "GIF", "PNG", "WEBP")[number % 4]
    frames[0].save(file, form, save_all=True, append_images=frames[1:])
    return file.getvalue()


CONTENTS: dict[str, Callable[[int], bytes]] = {
    "half a picture": halves,
    "tail of zeros": tails_of_zeros,
    "middle of zeros": middles_of_zeros,
    "damaged picture": damaged,
    "bomb": heavy,
    "progressive JPEG": progressive,
    "PNM of one comment": commented,
    "PNM of comments": many_comments,
    "PNG of chunks": many_chunks,
    "no picture": no_picture,
    "pages": pages,
}


def _some(number: int) -> bytes:
    wholes = _seeds()
    return wholes[number % len(wholes)]


_seeds = cache(seeds)


@cache
def _damaged() -> list[bytes]:
    return list(mutants(seed=19, count=500))


@cache
def _heavy(kind: str) -> bytes:
    return HEAVY[kind]()
