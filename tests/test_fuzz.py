"""Damaged and hostile pictures: a picture or an `InputError`, in bounded time and memory."""

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from digitdrop.decoding.decode import decode
from digitdrop.errors import TooLarge
from digitdrop.values import Limits
from fuzz import LIMITS, mutants, outcome
from guided import kept
from ledger import ROOT

CORPUS = Path(__file__).parent / "corpus"


def test_two_thousand_damaged_pictures_of_every_format_cost_nothing_but_themselves() -> None:
    outcomes = {outcome(content) for content in mutants(seed=7, count=2000)}

    assert {"picture", "Unreadable", "Incomplete"} <= outcomes


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bin")), ids=lambda path: path.name)
def test_what_once_was_a_fault_is_none_any_more(path: Path) -> None:
    outcome(path.read_bytes())


def test_what_a_guided_search_has_kept_costs_nothing_but_itself() -> None:
    outcomes = {outcome(content) for _, content in kept()}

    assert {"picture", "Unreadable", "Incomplete"} <= outcomes


def a_png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(rows, 9)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def saved(form: str, width: int, height: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("1" if form == "TIFF" else "L", (width, height), 1).save(file, form, **options)
    return file.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "PNG of 2,500 million pixels": lambda: a_png(50_000, 50_000, bytes(50_001) * 100),
    "PNG that says more than it has": lambda: a_png(2**31 - 1, 2**31 - 1, b"0"),
    "GIF of 4,000 million pixels": lambda: b"GIF89a" + b"\xff" * 4 + b"\x80\0\0" + bytes(50),
    "TIFF of 900 million pixels": lambda: saved("TIFF", 30_000, 30_000, compression="group4"),
    "WebP of 268 million pixels": lambda: _webp(16_383, 16_383),
}


def _webp(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    body += b"VP8L" + struct.pack("<I", 6) + b"/" + bytes(5)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _jpeg_that_lies() -> bytes:
    whole = bytearray(_colour("JPEG", 64, 64))
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = b"\xff\xdc\xff\xdc"
    return bytes(whole)


def _bmp_that_lies() -> bytes:
    whole = bytearray(saved("BMP", 64, 64))
    whole[18:26] = struct.pack("<ii", 2**31 - 1, 2**31 - 1)
    return bytes(whole)


def _tiff_that_lies() -> bytes:
    """Say of the one strip that it has 4 GB."""
    whole = bytearray(saved("TIFF", 64, 64))
    at = whole.index(struct.pack("<HH", 279, 4)) + 8
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(whole)


def _tiff_of_one_page_for_ever() -> bytes:
    whole = bytearray(saved("TIFF", 64, 64))
    at = int.from_bytes(whole[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(whole[at : at + 2], "little")
    whole[end : end + 4] = at.to_bytes(4, "little")
    return bytes(whole)


def _png_with_a_huge_text() -> bytes:
    whole = saved("PNG", 64, 64)
    text = b"zTXt" + b"k\0\0" + zlib.compress(bytes(300_000_000), 9)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    return whole[:33] + chunk + whole[33:]


def _colour(form: str, width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (250, 250, 250)).save(file, form)
    return file.getvalue()


def _animated(form: str, frames: int) -> bytes:
    pictures = [Image.new("L", (30, 30), shade % 256) for shade in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, form, save_all=True, append_images=pictures[1:])
    return file.getvalue()


HEAVY: dict[str, Callable[[], bytes]] = {
    **BOMBS,
    "JPEG that says 65,500 x 65,500": _jpeg_that_lies,
    "BMP that says 2^31 x 2^31": _bmp_that_lies,
    "PNM that says 10^18 pixels": lambda: b"P5 999999999 999999999 255\n" + bytes(100),
    "TIFF whose strip has 4 GB": _tiff_that_lies,
    "TIFF whose last page is its first": _tiff_of_one_page_for_ever,
    "PNG with 300 MB of text": _png_with_a_huge_text,
    "GIF of 3,000 frames": lambda: _animated("GIF", 3000),
    "WebP of 3,000 frames": lambda: _animated("WEBP", 3000),
    "PNG of 3,000 frames": lambda: _animated("PNG", 3000),
    "TIFF of 3,000 pages": lambda: _animated("TIFF", 3000),
    "PNG of 100,000 x 1": lambda: saved("PNG", 100_000, 1),
    "PNG of 50 million pixels": lambda: saved("PNG", 10_000, 5000),
    "JPEG of 50 million pixels": lambda: _colour("JPEG", 10_000, 5000),
}

READ = """
import resource, sys, time
from digitdrop.decoding.decode import decode
from digitdrop.errors import InputError
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Limits

content = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.monotonic()
try:
    normalise(decode(content, limits=Limits()))
except InputError as error:
    print(type(error).__name__, end=" ")
else:
    print("picture", end=" ")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 1024, round(time.process_time(), 1))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEAVY)
def test_what_means_to_be_heavy_costs_little_memory_and_time(kind: str) -> None:
    content = HEAVY[kind]()

    done = subprocess.run(
        [sys.executable, "-c", READ], input=content, cwd=ROOT, capture_output=True, check=True
    )

    outcome, mebibytes, seconds = done.stdout.split()
    assert outcome != b"picture" or (kind not in BOMBS and " says " not in kind)
    assert int(mebibytes) < (250 if "50 million" in kind else 50), done.stdout
    assert float(seconds) < 5, done.stdout


def test_more_pixels_than_allowed_are_told_as_such() -> None:
    with pytest.raises(TooLarge, match="pixels"):
        decode(BOMBS["PNG of 2,500 million pixels"](), limits=Limits())


@pytest.mark.parametrize("size", [(100_000, 1), (1, 100_000), (20_000, 3), (1, 1), (2, 2)])
def test_pictures_of_odd_shapes_are_read_or_refused(size: tuple[int, int]) -> None:
    for form in ("PNG", "BMP", "TIFF"):
        outcome(saved(form, *size))


def test_of_thousands_of_frames_only_the_first_is_read() -> None:
    frames = [Image.new("L", (30, 30), shade % 256) for shade in range(2000)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    began = time.monotonic()

    assert outcome(file.getvalue()[: LIMITS.bytes]) == "picture"
    assert time.monotonic() - began < 1
