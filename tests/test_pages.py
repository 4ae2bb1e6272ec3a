"""A file with several pages has one row, and is never `ok` in silence."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitdrop.inference.classifier import Classifier
from digitdrop.predict import look_at
from digitdrop.reader import Reader
from digitdrop.values import ANY_COUNT, Limits, Status
from encoded import as_heif, encoded
from ledger import a_picture

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="module")
def reader(model: Path) -> Reader:
    return Reader(model)


def digit(number: int) -> Image.Image:
    return Image.open(io.BytesIO(a_picture(number))).convert("L")


def blank(like: Image.Image, shade: int = 250) -> Image.Image:
    return Image.new("L", like.size, shade)


def paged(form: str, *pages: Image.Image) -> bytes:
    if form == "HEIF":
        return as_heif(*pages)
    first, *others = [page.convert("RGB") for page in pages]
    options: dict[str, object] = {"save_all": True, "append_images": others}
    if form == "GIF":
        options |= {"duration": 100, "disposal": 2}
    if form == "WEBP":
        options |= {"lossless": True}
    return encoded(first, form, **options)


FORMS = ["TIFF", "GIF", "PNG", "WEBP", "AVIF", "HEIF", "MPO"]


@pytest.mark.parametrize("form", FORMS)
def test_several_written_pages_are_told_one_by_one(form: str, reader: Reader) -> None:
    answer = reader.read(paged(form, digit(3), digit(5), digit(4)))

    assert (answer.status, answer.reason) == (Status.SEVERAL, "3 pages: 3, 5, 4")
    assert answer.prediction is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_the_one_page_that_shows_something_is_read(form: str, at: int, reader: Reader) -> None:
    pages = [blank(digit(3), 250 - 4 * number) for number in range(3)]  # frames alike are joined
    pages[at] = digit(3)

    answer = reader.read(paged(form, *pages))

    assert (answer.status, answer.prediction) == (Status.OK, "3")
    assert answer.reason == f"page {at + 1} of 3, the others are blank"


def test_the_cases_that_were_once_read_in_silence(reader: Reader) -> None:
    three = reader.read(CASES / "three-pages-3-5-4.tif")
    late = reader.read(CASES / "blank-page-then-3.tif")

    assert (three.status, three.reason) == (Status.SEVERAL, "3 pages: 3, 5, 4")
    assert (late.status, late.prediction) == (Status.OK, "3")
    assert late.reason == "page 2 of 2, the other is blank"


def test_only_blank_pages_are_blank(reader: Reader) -> None:
    answer = reader.read(paged("TIFF", blank(digit(1)), blank(digit(1))))

    assert (answer.status, answer.reason) == (Status.BLANK, "2 pages, all blank")


def test_a_file_of_many_pages_is_not_looked_through(reader: Reader) -> None:
    answer = reader.read(paged("TIFF", *[digit(number % 10) for number in range(40)]))

    assert answer.status is Status.SEVERAL
    assert answer.reason == "40 pages: too many to look at each"


def test_pictures_that_follow_one_another_in_a_pnm_are_pages(reader: Reader) -> None:
    answer = reader.read(encoded(digit(3), "PPM") + encoded(digit(5), "PPM"))

    assert (answer.status, answer.reason) == (Status.SEVERAL, "2 pages: 3, 5")


def test_a_damaged_second_page_makes_the_file_unreadable(reader: Reader) -> None:
    content = encoded(digit(3), "TIFF")
    pages = bytearray(paged("TIFF", digit(3), digit(5)))
    del pages[len(pages) // 2 + 200 :]

    assert reader.read(content).status is Status.OK
    assert reader.read(bytes(pages)).status is Status.UNREADABLE


def _with_tag(tiff: bytes, tag: int, value: int) -> bytes:
    """Change the page that comes second: the first tag of its directory becomes another."""
    order = "<"
    first = struct.unpack_from(order + "I", tiff, 4)[0]
    count = struct.unpack_from(order + "H", tiff, first)[0]
    second = struct.unpack_from(order + "I", tiff, first + 2 + 12 * count)[0]
    count = struct.unpack_from(order + "H", tiff, second)[0]
    entries = tiff[second + 2 : second + 2 + 12 * count]
    new = struct.pack("<H", count + 1) + struct.pack("<HHII", tag, 4, 1, value) + entries
    content = bytearray(tiff + new + bytes(4))
    struct.pack_into(
        "<I", content, first + 2 + 12 * struct.unpack_from("<H", tiff, first)[0], len(tiff)
    )
    return bytes(content)


@pytest.mark.parametrize("kind", [1, 4, 5])
def test_previews_and_masks_of_a_tiff_are_no_pages(kind: int, reader: Reader) -> None:
    two = paged("TIFF", digit(3), digit(5))
    assert reader.read(two).status is Status.SEVERAL

    answer = reader.read(_with_tag(two, 254, kind))

    assert (answer.status, answer.prediction, answer.reason) == (Status.OK, "3", "")


def test_the_preview_and_the_gain_map_of_a_phone_are_no_pages(reader: Reader) -> None:
    photo = digit(3).convert("RGB").resize((240, 320))
    small = photo.resize((60, 80))
    gain_map = photo.copy()
    gain_map.info["comment"] = b"http://ns.adobe.com/hdr-gain-map/1.0/ hdrgm:Version"

    for other in (small, gain_map):
        content = encoded(photo, "MPO", save_all=True, append_images=[other])
        answer = reader.read(content)
        assert (answer.status, answer.prediction, answer.reason) == (Status.OK, "3", ""), (
            other.size
        )


def test_what_is_drawn_of_a_file_is_the_page_that_was_read(
    tmp_path: Path, classifier: Classifier
) -> None:
    path = tmp_path / "pages.tif"
    path.write_bytes(paged("TIFF", blank(digit(3)), digit(3)))

    (look,) = look_at([path], classifier, limits=Limits(), digits=ANY_COUNT)

    assert look.grey is not None
    assert np.ptp(look.grey) > 100
    assert look.reading.verdict.prediction == "3"
