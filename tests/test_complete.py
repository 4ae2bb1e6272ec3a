"""Half a picture is no picture: in every format the bytes tell whether they are all there."""

import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from digitdrop.decoding.decode import decode
from digitdrop.decoding.document import Document
from digitdrop.errors import Incomplete, InputError, Unreadable
from digitdrop.files.load import load
from encoded import KINDS, a_page, a_seven, chunk, encoded, inserted

CASES = Path(__file__).parent / "cases"
RAW = {"seven.bmp", "colour.bmp", "seven.dib", "seven.tif", "seven.pgm", "colour.ppm"}
DOUBTED = RAW | {"seven.webp", "lossless.webp"}
CODED = sorted(set(KINDS) - DOUBTED)


def zeroed(content: bytes, start: float, end: float) -> bytes:
    """Take a part of a file for not written yet."""
    at, to = int(len(content) * start), int(len(content) * end)
    return content[:at] + bytes(to - at) + content[to:]


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_file_is_read_and_not_doubted(name: str) -> None:
    document = Document(KINDS[name]())

    assert document.doubt == ""
    seen = next(document.pages())
    assert np.abs(seen.astype(int) - a_seven()).mean() < (60 if name == "group4.tif" else 6)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_off_is_incomplete(name: str, kept: float) -> None:
    content = KINDS[name]()

    with pytest.raises(Incomplete):
        decode(content[: int(len(content) * kept)])


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize("part", [(0.3, 1), (0.5, 1), (0.8, 1), (0.4, 0.7), (0, 0.5), (0, 1)])
def test_a_coded_file_with_a_part_that_is_not_written_is_incomplete(
    name: str, part: tuple[float, float]
) -> None:
    with pytest.raises(Incomplete):
        decode(zeroed(KINDS[name](), *part))


@pytest.mark.parametrize("name", sorted(DOUBTED))
@pytest.mark.parametrize("part", [(0.3, 1), (0.5, 1), (0.7, 1), (0.3, 0.7)])
def test_pixels_that_may_not_be_written_are_doubted_where_plain_ones_are_zeros_too(
    name: str, part: tuple[float, float]
) -> None:
    content = KINDS[name]()
    try:
        document = Document(zeroed(content, *part))
    except Incomplete:
        return  # the directory of a TIFF was in that part, or it cannot be decoded

    assert "not written yet" in document.doubt


@pytest.mark.parametrize("form", ["BMP", "PPM", "TIFF"])
def test_a_white_digit_on_black_paper_is_not_doubted(form: str) -> None:
    scene = a_seven(paper=0, ink=240)
    scene[scene < 30] = 0
    scene[scene > 245] = 0  # below zero

    assert Document(encoded(Image.fromarray(scene), form)).doubt == ""


@pytest.mark.parametrize("name", KINDS)
def test_a_file_with_a_hole_is_not_loaded(name: str, tmp_path: Path) -> None:
    content, path = KINDS[name](), tmp_path / name
    with path.open("wb") as file:
        file.write(content[:4_096])
        file.truncate(len(content) + 40_000)

    with pytest.raises(Incomplete, match="never written"):
        load(path, most=10**6)


def test_zeros_that_were_written_are_no_hole(tmp_path: Path) -> None:
    path = tmp_path / "black.pgm"
    path.write_bytes(b"P5 200 200 255\n" + bytes(40_000))

    assert len(load(path, most=10**6)) == 40_015


def test_a_file_whose_first_bytes_are_not_written_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        decode(bytes(5_000))


def test_half_a_jpeg_with_an_end_marker_is_half_a_jpeg() -> None:
    with pytest.raises(Incomplete):
        decode((CASES / "half-jpeg-with-end.jpg").read_bytes())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, kept) for name in ("seven.jpg", "optimised.jpg") for kept in (0.3, 0.6, 0.9)),
        *(("progressive.jpg", kept) for kept in (0.3, 0.5)),  # then only details are missing
    ],
)
def test_a_jpeg_that_someone_put_an_end_to_is_incomplete(name: str, kept: float) -> None:
    content = KINDS[name]()

    with pytest.raises(Incomplete):
        decode(content[: int(len(content) * kept)].rstrip(b"\xff") + b"\xff\xd9")


def test_a_jpeg_that_ends_in_true_grey_is_read() -> None:
    scene = a_seven()
    scene[100:] = 128

    assert decode(encoded(Image.fromarray(scene), "JPEG", quality=90)).shape == scene.shape


def test_a_plain_jpeg_whose_coding_is_mostly_zeros_is_read() -> None:
    plain = Image.new("L", (800, 600), 255)
    plain.paste(a_page(), (100, 100))
    content = encoded(plain, "JPEG", optimize=True)
    assert bytes(64) in content

    assert decode(content).shape == (600, 800)


def test_no_turned_bit_gives_other_pixels_where_there_is_a_checksum() -> None:
    whole = KINDS["colour.png"]()
    expected = decode(whole)
    chance = random.Random(5)
    for _ in range(1_000):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        with pytest.raises(InputError):
            decode(bytes(content))
    assert (decode(whole) == expected).all()


def test_no_turned_bit_in_deflated_pixels_of_a_tiff_gives_other_pixels() -> None:
    whole = KINDS["deflated.tif"]()
    start, length = (int(TiffImageFile(io.BytesIO(whole)).tag_v2[tag][0]) for tag in (273, 279))
    chance, expected, refused = random.Random(5), decode(whole), 0
    for _ in range(300):
        content = bytearray(whole)
        content[start + chance.randrange(length)] ^= 1 << chance.randrange(8)
        try:
            seen = decode(bytes(content))
        except InputError:
            refused += 1
        else:
            assert (seen == expected).all()  # a bit that says nothing
    assert refused > 290


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"])
def test_a_chunk_that_the_pixels_need_must_fit_its_checksum(kind: bytes) -> None:
    palette = a_page().convert("P")
    content = bytearray(encoded(palette, "PNG", transparency=3))
    at = content.index(kind)
    content[at + 4 + int.from_bytes(content[at - 4 : at], "big")] ^= 1

    with pytest.raises(Unreadable, match=kind.decode()):
        decode(bytes(content))


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"tIME", b"gAMA"])
def test_a_damaged_chunk_beside_the_pixels_spoils_nothing(kind: bytes) -> None:
    bad = bytearray(chunk(kind, b"Comment\0\0some text"))
    bad[-1] ^= 1

    assert (decode(inserted(KINDS["seven.png"](), bytes(bad))) == a_seven()).all()


def test_a_png_with_a_damaged_comment_is_read() -> None:
    assert decode((CASES / "bad-text-crc.png").read_bytes()).shape == (300, 300)


@pytest.mark.filterwarnings("ignore")  # as decode sets it for the process
@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xe0\0\2",
        b"\xff\xe0\0\x07JFIF\0",
        b"\xff\xe1\0\2",
        b"\xff\xe1\0\x08Exif\0\0",
        b"\xff\xe2\0\x0eICC_PROFILE\0",
        b"\xff\xed\0\2",
        b"\xff\xee\0\2",
        b"\xff\xee\0\x07Adobe",
        b"\xff\xfe\0\2",
        b"\xff\xe1\0\x16Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(6),
    ],
)
def test_a_damaged_segment_beside_the_pixels_spoils_nothing(segment: bytes) -> None:
    content = KINDS["seven.jpg"]()

    seen = decode(content[:2] + segment + content[2:])

    assert (seen == decode(content)).all()


@pytest.mark.parametrize("end", [b"", b"\xff\xd9 and more", bytes(100)])
def test_what_follows_the_end_of_a_jpeg_does_no_harm(end: bytes) -> None:
    content = KINDS["seven.jpg"]()

    assert (decode(content + end) == decode(content)).all()


def test_an_unfinished_gif_is_doubted_and_a_comment_in_one_is_not_read() -> None:
    content = KINDS["seven.gif"]()

    assert Document(content[:-1]).doubt
    at = content.index(b"\x2c", 13 + (6 << (content[10] & 7)))
    comment = b"\x21\xfe\x05seven\0"
    assert (decode(content[:at] + comment + content[at:]) == decode(content)).all()


def test_reasons_are_in_words_and_hold_nothing_of_a_library() -> None:
    chance = random.Random(3)
    for name in KINDS:
        whole = KINDS[name]()
        for _ in range(40):
            content = bytearray(whole)
            for _ in range(3):
                at = chance.randrange(min(len(content), 400))
                content[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 2**16, 2**31]))
            try:
                decode(bytes(content))
            except InputError as error:
                told = str(error)
                assert not any(word in told for word in ("unpack", "decoder", "mode", "buffer"))
                assert "\n" not in told
                assert len(told) < 200


@pytest.mark.parametrize("resolutions", [1, 2, 6])
def test_a_large_jpeg_2000_is_read_at_the_scales_that_it_has(resolutions: int) -> None:
    large = a_page().resize((2_600, 3_000))

    seen = decode(encoded(large, "JPEG2000", num_resolutions=resolutions))

    assert seen.size < 2_000_000
    assert seen.shape[0] / seen.shape[1] == pytest.approx(3_000 / 2_600, rel=0.01)
