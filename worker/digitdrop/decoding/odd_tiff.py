"""TIFFs that Pillow cannot read and OpenCV can: odd depths, big-endian BigTIFF."""

from itertools import islice
from typing import Final

import cv2
import numpy as np

from digitdrop.decoding.container.directory import directories
from digitdrop.decoding.container.tiff import BITS, HEIGHT, SAMPLES, WIDTH
from digitdrop.errors import TooLarge, Unreadable
from digitdrop.preprocess.greyscale import array_to_grey
from digitdrop.values import Grey, Limits

_BYTES: Final = 4
"""Bytes of a pixel of an ordinary colour picture."""


def decode_odd_tiff(content: bytes, number: int, limits: Limits) -> Grey:
    """Decode one page of a TIFF.

    Args:
        content: the file.
        number: number of its directory, from 0.
        limits: the most pixels, each of four bytes.

    Returns:
        uint8 of shape (height, width), 0 = black, 255 = white.

    Raises:
        TooLarge: more pixels than `limits`, or as much memory for deeper ones.
        Unreadable: OpenCV cannot read this kind either.
    """
    (page,) = islice(directories(content), number, number + 1)
    width, height, bits, samples = (page.value(tag, 1) for tag in (WIDTH, HEIGHT, BITS, SAMPLES))
    if width * height * max(_BYTES, bits * samples // 8) > _BYTES * limits.pixels:
        raise TooLarge(
            f"{width}x{height} pixels of {bits * samples} bits, at most "
            f"{limits.pixels * _BYTES * 8:,} bits in all are allowed"
        )
    cv2.utils.logging.setLogLevel(0)  # else OpenCV prints its warnings
    try:
        read, pages = cv2.imdecodemulti(
            np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED, range=(number, number + 1)
        )
    except cv2.error:
        read, pages = False, ()
    if not read or not pages:
        kind = f"{samples} samples of {bits} bits" if samples > 1 else f"{bits} bits"
        raise Unreadable(f"a TIFF of {kind} is not read, or is damaged: save it with 8 or 16 bits")
    return array_to_grey(pages[0])
