"""Damaged and hostile pictures: a picture or an `InputError`, in bounded time and memory."""

import io
import resource
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz import LIMITS, mutants, outcome
from PIL import Image

from worker.decode import decode
from worker.errors import InputError, TooLarge
from worker.values import Limits

CORPUS = Path(__file__).parent / "corpus"


def test_two_thousand_damaged_pictures_of_every_format_cost_nothing_but_themselves() -> None:
    outcomes = {outcome(content) for content in mutants(seed=7, count=2000)}

    assert {"picture", "Unreadable", "Incomplete"} <= outcomes


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bin")), ids=lambda path: path.name)
def test_what_once_was_a_fault_is_none_any_more(path: Path) -> None:
    outcome(path.read_bytes())


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


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_means_to_become_huge_is_refused_before_it_does(bomb: str) -> None:
    content = BOMBS[bomb]()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    with pytest.raises(InputError):
        decode(content, limits=Limits())

    assert time.monotonic() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


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
