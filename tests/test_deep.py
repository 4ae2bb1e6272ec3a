"""TIFFs of every depth and byte order are read, or told in words."""

import struct
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from digitdrop.decoding.decode import decode
from digitdrop.errors import TooLarge, Unreadable
from digitdrop.values import Limits
from encoded import a_seven

FORMATS = {"u": 1, "i": 2, "f": 3}


def a_tiff(
    pixels: npt.NDArray[np.generic], *, order: Literal["<", ">"], big: bool = False
) -> bytes:
    """Write pixels, (height, width) or (height, width, 3), as an uncompressed TIFF."""
    height, width, *more = pixels.shape
    samples = more[0] if more else 1
    raster = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    word, start = ("Q", 16) if big else ("I", 8)
    bits = 8 * pixels.dtype.itemsize
    inline = 4 if big else 2  # 16-bit numbers that have room in a tag
    place = start + len(raster)
    each = struct.pack(f"{order}{samples}H", *[bits] * samples)
    kinds = struct.pack(f"{order}{samples}H", *[FORMATS[pixels.dtype.kind]] * samples)
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits if samples == 1 else place),
        (259, 3, 1),
        (262, 3, 2 if samples == 3 else 1),
        (273, 4, start),
        (277, 3, samples),
        (278, 4, height),
        (279, 4, len(raster)),
        (339, 3, FORMATS[pixels.dtype.kind] if samples == 1 else place + len(each)),
    ]
    values = (each + kinds) if samples > inline or samples == 3 else b""
    directory = place + len(values)
    head = b"II" if order == "<" else b"MM"
    head += struct.pack(
        f"{order}HHHQ" if big else f"{order}HI",
        *((43, 8, 0, directory) if big else (42, directory)),
    )
    entries = b""
    for tag, kind, value in tags:
        count = samples if tag in {258, 339} else 1
        if big and tag in {258, 339} and samples == 3:
            packed = each if tag == 258 else kinds
        elif kind == 3 and count == 1:
            packed = struct.pack(f"{order}H", value)
        else:
            packed = struct.pack(f"{order}I", value)
        entries += struct.pack(f"{order}HH{word}", tag, kind, count) + packed.ljust(
            8 if big else 4, b"\0"
        )
    counted = struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
    return head + raster + values + counted + entries + bytes(8)


DEPTHS = ["u1", "u2", "u4", "i2", "i4", "f4", "f8"]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_grey_tiff_is_read(depth: str, order: Literal["<", ">"], big: bool) -> None:
    scene = a_seven()
    scene[0, 0] = 255
    pixels = scene.astype(depth) if depth[0] != "f" else scene.astype(depth) / 255

    seen = decode(a_tiff(pixels, order=order, big=big))

    assert np.abs(seen.astype(int) - scene).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("depth", ["u1", "u2", "f4", "f8"])
def test_a_tiff_in_colour_is_read(depth: str, order: Literal["<", ">"]) -> None:
    scene = a_seven()
    scene[0, 0] = 255
    deep = (
        scene.astype(depth) / 255
        if depth[0] == "f"
        else scene.astype(depth) * (257 if depth == "u2" else 1)
    )

    seen = decode(a_tiff(np.dstack([deep] * 3).astype(depth), order=order))

    assert np.abs(seen.astype(int) - scene).max() <= 1


@pytest.mark.parametrize("depth", ["u8", "i8", "c16"])
def test_a_depth_that_is_not_read_is_told_in_words(depth: str) -> None:
    pixels = a_seven().astype("u8" if depth == "c16" else depth)
    content = bytearray(a_tiff(pixels, order="<"))
    if depth == "c16":
        at = content.index(struct.pack("<HHI", 339, 3, 1)) + 8
        content[at : at + 2] = struct.pack("<H", 6)

    try:
        seen = decode(bytes(content))
    except Unreadable as error:
        told = str(error)
        assert "64 bits is not read" in told
        assert "save it with 8 or 16 bits" in told
    else:
        assert np.ptp(seen) > 150


def test_deep_pixels_count_by_their_bits() -> None:
    content = a_tiff(np.dstack([a_seven()] * 3).astype("f8"), order="<")

    with pytest.raises(TooLarge, match="of 192 bits"):
        decode(content, limits=Limits(pixels=60_000))
