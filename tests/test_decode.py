import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digitdrop.decoding.decode import decode, looks_like_picture
from digitdrop.errors import Incomplete, TooLarge, Unreadable
from digitdrop.values import Grey, Limits


def a_scene(height: int = 40, width: int = 30) -> Grey:
    """Dark strokes on uneven light paper, nowhere symmetrical."""
    paper = np.tile(np.linspace(200, 240, width), (height, 1))
    paper[height // 8 : height // 2, width // 4 : width // 4 + 4] = 20
    paper[height // 2 : height // 2 + 4, width // 4 : width - 3] = 60
    scene: Grey = np.rint(paper).astype(np.uint8)
    return scene


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def grey(**size: int) -> Image.Image:
    return Image.fromarray(a_scene(**size))


FILES = {
    "png": encoded(grey(), "PNG"),
    "png, colour": encoded(grey().convert("RGB"), "PNG"),
    "png, palette": encoded(grey().convert("P"), "PNG"),
    "png, 1 bit": encoded(grey().convert("1"), "PNG"),
    "jpeg": encoded(grey(), "JPEG", quality=95),
    "jpeg, progressive": encoded(grey().convert("RGB"), "JPEG", progressive=True, quality=95),
    "jpeg, cmyk": encoded(grey().convert("RGB").convert("CMYK"), "JPEG", quality=95),
    "mpo": encoded(
        grey().convert("RGB"),
        "MPO",
        save_all=True,
        append_images=[Image.new("RGB", (30, 40))],
        quality=95,
    ),
    "bmp": encoded(grey(), "BMP"),
    "gif": encoded(grey(), "GIF"),
    "gif, animated": encoded(
        grey(), "GIF", save_all=True, append_images=[Image.new("L", (30, 40))]
    ),
    "tiff": encoded(grey(), "TIFF"),
    "tiff, lzw": encoded(grey(), "TIFF", compression="tiff_lzw"),
    "tiff, deflated, two pages": encoded(
        grey(),
        "TIFF",
        compression="tiff_deflate",
        save_all=True,
        append_images=[Image.new("L", (30, 40))],
    ),
    "webp": encoded(grey(), "WEBP", lossless=True),
    "webp, lossy": encoded(grey(), "WEBP", quality=95),
    "webp, animated": encoded(
        grey().convert("RGB"),
        "WEBP",
        lossless=True,
        save_all=True,
        append_images=[Image.new("RGB", (30, 40))],
    ),
    "pgm": encoded(grey(), "PPM"),
    "ppm": encoded(grey().convert("RGB"), "PPM"),
    "pbm": encoded(grey().convert("1"), "PPM"),
    "pgm, plain": b"P2\n30 40\n255\n"
    + b"\n".join(b" ".join(b"%d" % value for value in row) for row in a_scene())
    + b"\n",
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_read_whatever_its_name(name: str) -> None:
    seen = decode(FILES[name])

    assert seen.dtype == np.uint8
    assert seen.shape == (40, 30)
    assert seen.flags.c_contiguous
    binary = "1 bit" in name or name == "pbm"
    expected = np.asarray(grey().convert("1").convert("L")) if binary else a_scene()
    assert np.abs(seen.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("name", FILES)
def test_a_picture_cut_at_any_byte_is_never_half_a_picture(name: str) -> None:
    whole = FILES[name]
    complete = decode(whole)
    for cut in range(len(whole)):
        try:
            seen = decode(whole[:cut])
        except (Incomplete, Unreadable):
            continue
        # A last decimal that has lost a digit ("25" of "255") cannot be noticed.
        assert (seen != complete).sum() <= (name == "pgm, plain")


@pytest.mark.parametrize("name", FILES)
def test_nearly_every_cut_is_recognised_as_incomplete(name: str) -> None:
    whole = FILES[name]
    kinds = []
    for cut in range(len(whole)):
        try:
            decode(whole[:cut])
        except Incomplete:
            kinds.append(True)
        except Unreadable:
            kinds.append(False)
    assert all(kinds)


@pytest.mark.parametrize("kept", [0.4, 0.9])
def test_a_jpeg_whose_tail_is_still_zeros_is_incomplete(kept: float) -> None:
    whole = encoded(grey(height=200, width=200), "JPEG")
    content = whole[: int(len(whole) * kept)].ljust(len(whole), b"\0")

    with pytest.raises(Incomplete):
        decode(content)


def test_zeros_after_the_end_of_a_jpeg_do_no_harm() -> None:
    assert (decode(FILES["jpeg"] + bytes(100)) == decode(FILES["jpeg"])).all()


def test_an_empty_file_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        decode(b"")


@pytest.mark.parametrize(
    "content", [b"hello", b"x" * 500, b"BMW drives electric cars", b"%!" + bytes(99)]
)
def test_what_is_no_picture_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable, match="not a picture"):
        decode(content)
    assert not looks_like_picture(content)


@pytest.mark.parametrize("name", FILES)
def test_the_first_bytes_tell_a_picture(name: str) -> None:
    assert looks_like_picture(FILES[name][:32])


def test_a_damaged_picture_is_unreadable_with_one_line() -> None:
    content = bytearray(encoded(grey(height=200, width=200), "PNG"))
    content[60:90] = bytes(30)

    with pytest.raises(Unreadable) as caught:
        decode(bytes(content))

    assert "\n" not in str(caught.value)


def test_a_jpeg_that_has_its_end_is_not_said_to_be_cut_off() -> None:
    content = bytearray(encoded(grey(height=200, width=200), "JPEG"))
    tables = content.index(b"\xff\xc4") + 2
    content[tables : tables + 20] = bytes(20)

    with pytest.raises(Incomplete, match=r"has its end, but is damaged"):
        decode(bytes(content))


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        decode(FILES["png"], limits=Limits(bytes=10))


@pytest.mark.parametrize("name", FILES)
def test_too_many_pixels_are_refused(name: str) -> None:
    with pytest.raises(TooLarge, match="30x40 pixels"):
        decode(FILES[name], limits=Limits(pixels=1_000))


def test_a_bomb_is_refused_before_its_pixels_are_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = bytearray(FILES["png"])
    content[16:29] = header
    content[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + header))

    with pytest.raises(TooLarge):
        decode(bytes(content))


UPRIGHT = {
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.T,
    6: lambda scene: np.rot90(scene, 1),
    7: lambda scene: scene[::-1, ::-1].T,
    8: lambda scene: np.rot90(scene, -1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_pictures_are_turned_upright(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(UPRIGHT[orientation](a_scene())))

    seen = decode(encoded(stored, form, exif=exif, quality=95))

    assert seen.shape == (40, 30)
    assert np.abs(seen.astype(int) - a_scene()).mean() < 3


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_deep_pictures_are_scaled_by_the_bits_they_use(bits: int) -> None:
    scene = a_scene()
    scene[0, 0] = 255
    deep = (scene.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)

    for form in ("PNG", "TIFF"):
        seen = decode(encoded(Image.fromarray(deep), form))
        assert np.abs(seen.astype(int) - scene).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 4000.0])
def test_float_pictures_are_scaled(top: float) -> None:
    scene = a_scene()
    scene[0, 0] = 255
    deep = scene.astype(np.float32) / 255 * top

    seen = decode(encoded(Image.fromarray(deep), "TIFF"))

    assert np.abs(seen.astype(int) - scene).max() <= 1


@pytest.mark.parametrize("broken", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("top", [1.0, 4000.0])
def test_a_float_pixel_that_is_no_number_spoils_itself_only(top: float, broken: float) -> None:
    scene = a_scene()
    scene[0, 0] = 255
    deep = scene.astype(np.float32) / 255 * top
    deep[5, 5:7] = broken, -broken

    seen = decode(encoded(Image.fromarray(deep), "TIFF")).astype(int)

    seen[5, 5:7] = scene[5, 5:7]
    assert np.abs(seen - scene).max() <= 1


def test_ink_drawn_in_the_alpha_channel_alone_is_seen() -> None:
    for ink in (0, 255):
        layers = np.full((40, 30, 4), ink, np.uint8)
        layers[..., 3] = 255 - a_scene()

        seen = decode(encoded(Image.fromarray(layers), "PNG"))

        assert (seen == a_scene()).all()


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (200, 40, 30)])
def test_strokes_of_changing_colour_on_nothing_stand_out(ink: tuple[int, int, int]) -> None:
    layers = np.zeros((40, 30, 4), np.uint8)
    layers[5:35, 14:17] = (*ink, 255)
    layers[20:23, 5:25] = (*(abs(value - 20) for value in ink), 255)

    seen = decode(encoded(Image.fromarray(layers), "PNG")).astype(int)

    assert abs(seen[10, 15] - seen[1, 1]) > 100


def test_a_sheet_with_transparent_corners_is_continued_in_its_own_paper() -> None:
    layers = np.dstack([a_scene()] * 3 + [np.full((40, 30), 255, np.uint8)])
    layers[:5, :5] = 0

    seen = decode(encoded(Image.fromarray(layers), "PNG"))

    assert abs(int(seen[0, 0]) - int(np.median(a_scene()))) <= 1


def test_a_wholly_transparent_picture_is_blank() -> None:
    seen = decode(encoded(Image.new("RGBA", (30, 40), (9, 9, 9, 0)), "PNG"))

    assert np.ptp(seen) == 0


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((255, 255, 255), (255, 255, 0)),
        ((255, 255, 255), (150, 255, 255)),
        ((255, 255, 255), (255, 190, 190)),
        ((120, 160, 120), (200, 120, 120)),
        ((0, 0, 0), (0, 0, 255)),
    ],
)
def test_coloured_ink_is_seen_where_brightness_hardly_shows_it(
    paper: tuple[int, int, int], ink: tuple[int, int, int]
) -> None:
    colours = np.full((200, 200, 3), paper, np.uint8)
    colours[40:160, 90:110] = ink

    seen = decode(encoded(Image.fromarray(colours), "PNG")).astype(int)

    assert abs(seen[100, 100] - seen[5, 5]) >= 40


@pytest.mark.parametrize(
    ("paper", "inks"),
    [
        (255, [(255, 255, 0), (0, 255, 255), (255, 0, 255)]),
        (0, [(255, 0, 0), (0, 255, 0), (0, 0, 255)]),
    ],
)
def test_inks_of_three_colours_are_all_seen_where_each_channel_shows_but_one(
    paper: int, inks: list[tuple[int, int, int]]
) -> None:
    colours = np.full((200, 200, 3), paper, np.uint8)
    for place, ink in enumerate(inks):
        colours[60:120, 50 + 40 * place : 60 + 40 * place] = ink

    seen = decode(encoded(Image.fromarray(colours), "PNG")).astype(int)

    assert all(abs(seen[90, 55 + 40 * place] - seen[5, 5]) > 200 for place in range(3))


@pytest.mark.parametrize(("form", "least", "most"), [("PNG", 0.3, 1.3), ("JPEG", 0.18, 0.25)])
def test_a_large_photo_comes_back_with_a_million_pixels_at_most(
    form: str, least: float, most: float
) -> None:
    scene = grey(height=3000, width=4000)

    seen = decode(encoded(scene, form))

    assert least <= seen.size / 1e6 <= most
    assert seen.shape[1] * 3 == pytest.approx(seen.shape[0] * 4, abs=5)


def test_a_jpeg_of_any_size_is_left_with_what_a_digit_needs() -> None:
    for width in (1000, 1500, 2000, 3000, 3920, 6000):
        seen = decode(encoded(grey(height=width * 3 // 4, width=width), "JPEG"))

        assert 500 - 10 <= max(seen.shape) <= 1_800, width


@pytest.mark.filterwarnings("ignore")  # as decode sets it for the process
def test_damaged_metadata_does_not_spoil_a_sound_picture() -> None:
    content = encoded(grey(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0 nonsense", quality=95)

    assert decode(content).shape == (40, 30)


def test_threads_do_not_disturb_one_another() -> None:
    expected = {name: decode(content) for name, content in FILES.items()}
    names = list(FILES) * 20

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda name: decode(FILES[name]), names))

    assert all((one == expected[name]).all() for name, one in zip(names, seen, strict=True))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_damage_makes_anything_but_an_input_error(name: str, data: st.DataObject) -> None:
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))

    try:
        seen = decode(bytes(content))
    except (Incomplete, Unreadable, TooLarge):
        return
    assert seen.dtype == np.uint8
    assert seen.ndim == 2
