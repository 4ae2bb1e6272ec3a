"""Make the sample pictures beside this file again: `python examples/make.py`.

They are drawn for this project, stroke by stroke, on papers that people really
write on; no picture of anybody else's is in them. Seeds are fixed.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from digitdrop_train.synthesis.alphabet import DIGIT_FORMS
from digitdrop_train.synthesis.strokes import CANVAS, write_form

HERE = Path(__file__).parent
SIDE = 420
BLUE, BLACK, GRAPHITE, RED = (38, 52, 140), (25, 25, 28), (105, 105, 108), (178, 32, 40)

Sheet = npt.NDArray[np.float32]
"""Shape (SIDE, SIDE, 3): RGB, 0-255."""


def main() -> None:
    """Write all pictures."""
    save("seven-on-squared-paper.jpg", taken(written(squared(), 7, 1, BLUE, pen=7, seed=3), 1))
    save("one-with-flag-and-foot.jpg", taken(written(plain(), 1, 3, BLACK, pen=8, seed=5), 2))
    save("four-in-pencil.jpg", taken(written(ruled(), 4, 0, GRAPHITE, pen=6, seed=8), 3))
    save("nine-in-the-shade.jpg", taken(written(plain(), 9, 0, BLUE, pen=7, seed=2), 4, shade=0.7))
    save("two-in-red.jpg", taken(written(plain(), 2, 0, RED, pen=9, seed=6), 5))
    save("three-with-a-marker.png", written(plain(), 3, 0, BLACK, pen=34, seed=9))
    five = 255 - written(plain(), 5, 0, (0, 0, 0), pen=20, seed=4)
    save("five-white-on-black.png", five)
    save_small("six-tiny.png", written(plain(), 6, 0, (0, 0, 0), pen=40, seed=7))
    save_transparent("eight-transparent.png", written(plain(), 8, 0, (0, 0, 0), pen=18, seed=1))
    save_sideways("zero-sideways.jpg", taken(written(ruled(), 0, 0, BLUE, pen=9, seed=11), 6))
    both = written(written(plain(), 4, 0, BLACK, 9, 12, left=-95), 2, 0, BLACK, 9, 13, left=95)
    save("forty-two.jpg", taken(both, 7))
    save("empty-page.jpg", taken(squared(), 8))


def written(
    sheet: Sheet,
    digit: int,
    form: int,
    colour: tuple[int, int, int],
    pen: int,
    seed: int,
    left: int = 0,
) -> Sheet:
    """Write one form of a digit on a sheet, with a pen of some pixels' width."""
    forms = DIGIT_FORMS[digit]
    cover = np.zeros((SIDE, SIDE), np.uint8)
    scale = SIDE / CANVAS if not left else 0.6 * SIDE / CANVAS
    for path in write_form(forms[form % len(forms)], np.random.default_rng(seed)):
        points = (path - CANVAS / 2) * scale + [SIDE / 2 + left, SIDE / 2]
        line = np.round(points * 16).astype(np.int32)
        cv2.polylines(cover, [line], False, 255, pen, cv2.LINE_AA, shift=4)
    share = cv2.GaussianBlur(cover, (0, 0), 0.8)[..., None].astype(np.float32) / 255
    ink = np.asarray(colour, np.float32)
    inked: Sheet = (sheet * (1 - 0.95 * share) + 0.95 * share * ink).astype(np.float32)
    return inked


def plain() -> Sheet:
    """White paper."""
    return np.full((SIDE, SIDE, 3), 250, np.float32)


def squared() -> Sheet:
    """Paper with squares of half a centimetre."""
    sheet = plain()
    for position in range(14, SIDE, 46):
        cv2.line(sheet, (position, 0), (position + 4, SIDE), (168, 190, 214), 2, cv2.LINE_AA)
        cv2.line(sheet, (0, position + 4), (SIDE, position), (168, 190, 214), 2, cv2.LINE_AA)
    return sheet


def ruled() -> Sheet:
    """Paper with lines."""
    sheet = plain()
    for position in range(30, SIDE, 88):
        cv2.line(sheet, (0, position + 3), (SIDE, position), (150, 170, 200), 2, cv2.LINE_AA)
    return sheet


def taken(sheet: Sheet, seed: int, *, shade: float = 0.3) -> Sheet:
    """Photograph a sheet: light from one side, a little blur, the noise of a sensor."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * x + np.sin(angle) * y
    light = 0.92 - shade / (1 + np.exp(-6 * slope)) - 0.1 * (x**2 + y**2)
    tint = np.asarray([1.0, 0.97, 0.9], np.float32)
    blurred = cv2.GaussianBlur(sheet * light[..., None].astype(np.float32) * tint, (0, 0), 1.1)
    noisy = blurred + rng.normal(0, 3, sheet.shape)
    photo: Sheet = noisy.astype(np.float32)
    return photo


def image(sheet: Sheet) -> Image.Image:
    """Round to 8 bits."""
    return Image.fromarray(np.clip(np.rint(sheet), 0, 255).astype(np.uint8))


def save(name: str, sheet: Sheet) -> None:
    """Save as its name says."""
    image(sheet).save(HERE / name, quality=80, optimize=True)


def save_small(name: str, sheet: Sheet) -> None:
    """Save 28x28 in grey, as the ancestor of this tool wants it."""
    image(sheet).convert("L").resize((28, 28), Image.Resampling.BOX).save(HERE / name)


def save_transparent(name: str, sheet: Sheet) -> None:
    """Save black ink on nothing: all its pixels are black, only their opacity differs."""
    opacity = Image.eval(image(sheet).convert("L"), lambda value: 255 - value)
    black = Image.new("L", (SIDE, SIDE), 0)
    Image.merge("RGBA", (black, black, black, opacity)).save(HERE / name, optimize=True)


def save_sideways(name: str, sheet: Sheet) -> None:
    """Save as a phone does that was held sideways: turned, with a note to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be turned clockwise
    image(sheet).rotate(90).save(HERE / name, quality=80, exif=exif)


if __name__ == "__main__":
    main()
