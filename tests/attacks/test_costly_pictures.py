"""One picture's work is bounded, whatever its bytes ask for."""

import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitdrop.errors import InputError
from digitdrop.pages import decode_pages
from digitdrop.values import Limits
from encoded import a_page, chunk, encoded, inserted
from ledger import ROOT

MIB = 2**20
LONGEST = 2.0
"""Seconds of CPU time."""
LARGEST = 300
"""MiB that a process which reads such a picture has at most."""


def noise(side: int, mode: str = "L") -> Image.Image:
    depth = {"L": (), "RGB": (3,)}[mode]
    pixels = np.random.default_rng(1).integers(0, 255, (side, side, *depth), np.uint8)
    return Image.fromarray(pixels)


def thousands_of_scans(count: int, side: int) -> bytes:
    content = encoded(Image.new("RGB", (side, side), (9, 99, 200)), "JPEG", progressive=True)
    start, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return content[:end] + content[start:end] * count + content[end:]


def many_segments(count: int, segment: bytes) -> bytes:
    content = encoded(a_page(), "JPEG")
    return content[:2] + segment * count + content[2:]


def exif_that_says_the_whole_for_each_tag(tags: int, size: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", number, 7, size, 8) for number in range(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", tags) + entries + bytes(4)


def gif_with(extensions: bytes) -> bytes:
    content = encoded(a_page(), "GIF")
    at = 13 + (6 << (content[10] & 7))
    return content[:at] + extensions + content[at:]


def tiff_of_tags(count: int, size: int) -> bytes:
    content = bytearray(encoded(a_page(), "TIFF"))
    at = int.from_bytes(content[4:8], "little")
    tags = int.from_bytes(content[at : at + 2], "little")
    entries = bytes(content[at + 2 : at + 2 + 12 * tags]) + b"".join(
        struct.pack("<HHII", 1_000 + number % 64_000, 7, size, 8) for number in range(count)
    )
    content += bytes(max(0, size - len(content)))
    content[4:8] = len(content).to_bytes(4, "little")
    return bytes(content) + struct.pack("<H", (tags + count) % 65_536) + entries + bytes(4)


def tiff_whose_tag_has_billions_of_values(tag: int) -> bytes:
    content = bytearray(encoded(a_page(), "TIFF", compression="tiff_lzw"))
    at = content.index(struct.pack("<HH", tag, 4)) + 4
    content[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(content)


def tiff_in_a_circle() -> bytes:
    content = bytearray(encoded(a_page(), "TIFF", save_all=True, append_images=[a_page()]))
    first = int.from_bytes(content[4:8], "little")
    at = first + 2 + 12 * int.from_bytes(content[first : first + 2], "little")
    second = int.from_bytes(content[at : at + 4], "little")
    at = second + 2 + 12 * int.from_bytes(content[second : second + 2], "little")
    content[at : at + 4] = content[4:8]
    return bytes(content)


def webp_of_chunks(count: int) -> bytes:
    body = encoded(a_page(), "WEBP")[12:] + b"JUNK\0\0\0\0" * count
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def runs(count: int) -> bytes:
    pixels = b"\1\5" * count
    header = struct.pack("<IiiHHIIiiII", 40, 7_000, 7_000, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return (
        b"BM"
        + struct.pack("<IHHI", 1078 + len(pixels), 0, 0, 1078)
        + header
        + bytes(1024)
        + pixels
    )


def boxes(count: int) -> bytes:
    content = encoded(a_page(), "AVIF")
    return content + b"\0\0\0\x08free" * count


TEXT = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000), 9))
COSTLY: dict[str, Callable[[], bytes]] = {
    "progressive JPEG of 5,000 scans": lambda: thousands_of_scans(5_000, side=2_000),
    "progressive JPEG of 90 scans": lambda: thousands_of_scans(80, side=2_000),
    "JPEG of 5 million comments": lambda: many_segments(5_000_000, b"\xff\xfe\0\2"),
    "JPEG of 100 MB of EXIF tags": lambda: many_segments(
        190,
        b"\xff\xe1\xff\xffExif\0\0"
        + exif_that_says_the_whole_for_each_tag(5_000, 65_000)[:65_527],
    ),
    "JPEG with 40 MB of nothing before its picture": lambda: (
        encoded(a_page(), "JPEG")[:20] + bytes(40 * MIB)
    ),
    "JPEG of fill bytes alone": lambda: b"\xff\xd8\xff" + b"\xff" * 40 * MIB,
    "PNG of a million comments": lambda: inserted(
        encoded(a_page(), "PNG"), chunk(b"tEXt", b"a\0b") * 1_000_000
    ),
    "PNG whose pixels are in 3 million chunks": lambda: inserted(
        encoded(a_page(), "PNG"), chunk(b"IDAT", b"") * 3_000_000
    ),
    "PNG of 800 MB of packed text": lambda: inserted(encoded(a_page(), "PNG"), TEXT * 900),
    "PNG of a colour profile of 200 MB": lambda: inserted(
        encoded(a_page(), "PNG"), chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(200 * MIB), 1))
    ),
    "PNG whose EXIF says the whole for each of 60,000 tags": lambda: inserted(
        encoded(a_page(), "PNG"),
        chunk(b"eXIf", exif_that_says_the_whole_for_each_tag(60_000, 30 * MIB) + bytes(30 * MIB)),
    ),
    "PNG of 50 million rows": lambda: (
        inserted(b"\x89PNG\r\n\x1a\n", b"")
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 50_000_000, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(100), 1))
        + chunk(b"IEND", b"")
    ),
    "APNG of 1,000 frames": lambda: encoded(
        noise(8),
        "PNG",
        save_all=True,
        append_images=[noise(8).rotate(n % 360) for n in range(999)],
    ),
    "GIF with 40 MB of comment": lambda: gif_with(
        b"\x21\xfe" + (b"\xff" + b"c" * 255) * 160_000 + b"\0"
    ),
    "GIF of 3 million extensions": lambda: gif_with(b"\x21\xfe\0" * 3_000_000),
    "TIFF whose tags say the whole 4,000 times": lambda: tiff_of_tags(4_000, 30 * MIB),
    "TIFF of 60,000 tags": lambda: tiff_of_tags(60_000, 100),
    "TIFF of billions of strips": lambda: tiff_whose_tag_has_billions_of_values(273),
    "TIFF of billions of lengths": lambda: tiff_whose_tag_has_billions_of_values(279),
    "TIFF whose pages go round": tiff_in_a_circle,
    "TIFF of 1,000 pages": lambda: encoded(
        noise(4), "TIFF", save_all=True, append_images=[noise(4)] * 1_000
    ),
    "TIFF of 60,000 strips": lambda: encoded(
        Image.new("L", (32, 60_000)), "TIFF", strip_size=32, compression="tiff_lzw"
    ),
    "WebP of a million chunks": lambda: webp_of_chunks(1_000_000),
    "WebP of 1,000 frames": lambda: encoded(
        noise(8, "RGB"),
        "WEBP",
        save_all=True,
        append_images=[noise(8, "RGB").rotate(n % 360) for n in range(999)],
    ),
    "BMP of 20 million runs": lambda: runs(20_000_000),
    "BMP of half a million runs": lambda: runs(500_000),
    "PNM with 40 MB of comment": lambda: (
        b"P5\n#" + b"x" * 40 * MIB + b"\n64 64\n255\n" + bytes(4_096)
    ),
    "PNM of 10 million comments": lambda: (
        b"P5\n" + b"#x\n" * 10_000_000 + b"64 64 255\n" + bytes(4_096)
    ),
    "PNM of 4 million numbers": lambda: b"P2\n2000 2000 255\n" + b"1 " * 4_000_000,
    "PNM of 20 million numbers": lambda: b"P2\n5000 4900 255\n" + b"1 " * 24_500_000,
    "PNM of a million comments between numbers": lambda: (
        b"P2\n1000 1000 255\n" + b"#\n1 " * 1_000_000
    ),
    "PNM of 40 million pixels of odd depth": lambda: b"P5 6500 6500 100\n" + bytes(6_500 * 6_500),
    "PNM of 20 million deep pixels": lambda: b"P5 5000 4800 1000\n" + bytes(2 * 5_000 * 4_800),
    "PNM of 100,000 pictures": lambda: (b"P5 10 10 255\n" + bytes(100)) * 100_000,
    "AVIF of a million boxes": lambda: boxes(1_000_000),
    "40 MB that look like SVG": lambda: b"<?xml " + b" " * 40 * MIB,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", COSTLY)
def test_what_means_to_be_costly_is_read_or_refused_at_once(kind: str) -> None:
    content = COSTLY[kind]()[: 50 * MIB]
    began = time.process_time()

    with suppress(InputError):
        decode_pages(content, limits=Limits())

    assert time.process_time() - began < LONGEST


def png(width: int, height: int, kind: int, bits: int = 8, *between: bytes) -> bytes:
    samples = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    rows = zlib.compress(bytes((1 + width * samples * bits // 8) * height), 1)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(between)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def tiff(mode: str, **options: object) -> bytes:
    return encoded(Image.new(mode, (8_000, 6_200)), "TIFF", **options)


LARGE: dict[str, Callable[[], bytes]] = {
    "PNG in colour": lambda: png(10_000, 5_000, 2),
    "PNG of 16 bits, transparent": lambda: png(10_000, 5_000, 6, 16),
    "PNG of 16 bits": lambda: png(10_000, 5_000, 0, 16),
    "PNG with a transparent palette": lambda: png(
        10_000, 5_000, 3, 8, chunk(b"PLTE", bytes(768)), chunk(b"tRNS", bytes(range(256)))
    ),
    "TIFF of floats": lambda: tiff("F", compression="tiff_adobe_deflate"),
    "GIF of three frames": lambda: encoded(
        Image.new("L", (10_000, 5_000)),
        "GIF",
        save_all=True,
        append_images=[Image.new("L", (10_000, 5_000), shade) for shade in (9, 99)],
    ),
    "JPEG of 200 million pixels": lambda: encoded(
        Image.new("RGB", (16_320, 12_240), (9, 99, 200)), "JPEG", quality=50, subsampling=0
    ),
    "progressive JPEG": lambda: encoded(
        Image.new("RGB", (8_160, 6_100), (9, 99, 200)), "JPEG", quality=50, progressive=True
    ),
    "WebP": lambda: encoded(Image.new("RGB", (4_000, 3_000)), "WEBP", quality=10, method=0),
    "AVIF": lambda: encoded(Image.new("RGB", (4_600, 3_600)), "AVIF", speed=10, quality=30),
    "JPEG 2000": lambda: encoded(Image.new("RGB", (4_000, 3_000), (1, 2, 3)), "JPEG2000"),
}

READ = """
import sys, time
from digitdrop.errors import InputError
from digitdrop.pages import decode_pages
from digitdrop.values import Limits

content = sys.stdin.buffer.read()
began = time.process_time()
try:
    decode_pages(content, limits=Limits())
except InputError as error:
    print(type(error).__name__, end=" ")
else:
    print("picture", end=" ")
seconds = time.process_time() - began
(most,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(most.split()[1]) // 1024, round(seconds, 2))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
@pytest.mark.parametrize("kind", LARGE)
def test_the_largest_pictures_take_bounded_memory_and_time(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=LARGE[kind](),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )

    outcome, mebibytes, seconds = done.stdout.split()
    assert outcome == b"picture"
    assert int(mebibytes) < LARGEST, done.stdout
    assert float(seconds) < LONGEST, done.stdout
