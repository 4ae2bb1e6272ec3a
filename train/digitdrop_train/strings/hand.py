"""One hand: the digits and marks of a number in the same slant, width, pen and forms."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop_train.data import Dataset
from digitdrop_train.strings.forms import ALL_DIGIT_FORMS, CURRENCY_FORMS
from digitdrop_train.synthesis.alphabet import Form
from digitdrop_train.synthesis.letters import LETTER_FORMS
from digitdrop_train.synthesis.strokes import leaning, shaken_strokes

Glyph = npt.NDArray[np.uint8]
"""Shape (height, width): a written sign cropped to its ink, 255 = ink."""

DRAWN = 0.5
"""Share of the hands that write with strokes; the others write digits of MNIST."""
SAME_FORM = 0.8
"""Probability that a hand writes a digit again in the form that it had before."""
LIKE_DIGITS = 8
"""So many digits of MNIST are compared to find one that fits the hand's slant and pen."""
LETTERS = tuple(form for form in LETTER_FORMS if len(form.strokes) < 4 and form.wide[1] <= 1.1)
"""Without signs of several lines, which may be a dash, and without long shapes."""


@dataclass(frozen=True, kw_only=True)
class Styles:
    """MNIST's digits with slant and stroke width, so that a hand can choose among them."""

    digits: Dataset
    slant: npt.NDArray[np.float32]
    """Shift of the top to the right, as a share of the height."""
    pen: npt.NDArray[np.float32]
    """Ink over length of the edge: about half the stroke's width in pixels."""
    of: tuple[npt.NDArray[np.intp], ...]
    """Indices of each digit's frames."""

    @classmethod
    def measure(cls, digits: Dataset) -> Styles:
        """Measure every frame."""
        frames = digits.frames.astype(np.float32)
        y = np.arange(28, dtype=np.float32) - 13.5
        mass = frames.sum(axis=(1, 2)) + 1
        mean_x = np.einsum("nyx,x->n", frames, y) / mass
        mean_y = np.einsum("nyx,y->n", frames, y) / mass
        xy = np.einsum("nyx,y,x->n", frames, y, y) / mass - mean_x * mean_y
        yy = np.einsum("nyx,y->n", frames, y * y) / mass - mean_y**2
        solid = digits.frames > 127
        edge = (solid[:, 1:] != solid[:, :-1]).sum((1, 2)) + (
            solid[:, :, 1:] != solid[:, :, :-1]
        ).sum((1, 2))
        return cls(
            digits=digits,
            slant=np.asarray(-xy / np.maximum(yy, 1), np.float32),
            pen=np.asarray(solid.sum((1, 2)) / (edge + 1), np.float32),
            of=tuple(np.flatnonzero(digits.labels == digit) for digit in range(10)),
        )


@dataclass(slots=True, kw_only=True)
class Hand:
    """A writer for one number; `write` gives its signs."""

    styles: Styles
    rng: Generator
    tall: float
    """Height of a digit, in pixels."""
    drawn: bool
    slant: float
    wide: float
    """Factor of all widths."""
    pen: float
    """Width of the strokes as a share of the height."""
    jitter: float
    _forms: dict[str, Form] = field(default_factory=dict)
    _frames: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, styles: Styles, tall: float, rng: Generator) -> Hand:
        """Draw a hand by lot."""
        return cls(
            styles=styles,
            rng=rng,
            tall=tall,
            drawn=rng.random() < DRAWN,
            slant=rng.normal(0.12, 0.2),
            wide=float(np.exp(rng.normal(0, 0.18))),
            pen=max(1.0 / tall, float(np.exp(rng.normal(np.log(0.085), 0.45)))),
            jitter=rng.uniform(0.008, 0.045),
        )

    def digit(self, digit: int) -> Glyph:
        """Write a digit."""
        high = self.tall * float(np.clip(self.rng.normal(1, 0.07), 0.75, 1.3))
        if digit == 0 and self.rng.random() < 0.15:
            high *= self.rng.uniform(0.6, 0.9)
        if self.drawn:
            return self._stroked(self._form(str(digit), ALL_DIGIT_FORMS[digit]), high)
        return self._copied(digit, high)

    def letter(self) -> Glyph:
        """Write a letter that is like no digit."""
        form = LETTERS[self.rng.integers(len(LETTERS))]
        return self._stroked(form, self.tall * self.rng.uniform(0.55, 1.1))

    def currency(self) -> Glyph:
        """Write a sign that stands before an amount."""
        return self._stroked(
            self._form("$", CURRENCY_FORMS), self.tall * self.rng.uniform(0.8, 1.2)
        )

    def point(self) -> Glyph:
        """Write a full stop or a comma."""
        rng = self.rng
        if rng.random() < 0.5:
            size = max(1.5, self.tall * max(self.pen, rng.uniform(0.05, 0.16)))
            dot = np.zeros((round(size) + 4, round(size * rng.uniform(1, 1.6)) + 4), np.uint8)
            centre = (dot.shape[1] // 2, dot.shape[0] // 2)
            cv2.ellipse(
                dot,
                centre,
                (max(1, round(size / 2)), max(1, round(size / 2.4))),
                0,
                0,
                360,
                255,
                -1,
                cv2.LINE_AA,
            )
            return cropped(dot)
        bend = Form((f"c 60,0 {rng.integers(50, 90)},45 0,100",), wide=(0.3, 0.8))
        return self._stroked(bend, self.tall * rng.uniform(0.12, 0.32))

    def dash(self) -> Glyph:
        """Write a dash, or two, one above the other."""
        long = (
            self.rng.uniform(0.25, 0.9) if self.rng.random() < 0.85 else self.rng.uniform(0.9, 1.8)
        )
        forms = (
            ("l 0,50 100,48",) if self.rng.random() < 0.75 else ("l 0,0 100,0", "l 0,100 100,100")
        )
        high = self.rng.uniform(0.15, 0.35)
        return self._stroked(
            Form(forms, wide=(long / high, long / high)), self.tall * high, upright=True
        )

    def slash(self) -> Glyph:
        """Write a long stroke to the right."""
        lean = self.rng.uniform(0.25, 0.8)
        form = Form(("l 100,0 0,100",), wide=(lean, lean))
        return self._stroked(form, self.tall * self.rng.uniform(1.05, 1.6), upright=True)

    def _form(self, sign: str, forms: tuple[Form, ...]) -> Form:
        if sign not in self._forms or self.rng.random() > SAME_FORM:
            weights = np.array([form.weight for form in forms])
            choice = self.rng.choice(len(forms), p=weights / weights.sum())
            self._forms[sign] = forms[choice]
        return self._forms[sign]

    def _stroked(self, form: Form, high: float, *, upright: bool = False) -> Glyph:
        rng = self.rng
        wide = rng.uniform(*form.wide) * (1 if upright else self.wide)
        slant = 0.0 if upright else self.slant + rng.normal(0, 0.05)
        linear = leaning(wide, slant, np.deg2rad(rng.normal(0, 2.5)))
        strokes = [
            path @ linear.T * high for path in shaken_strokes(form, rng, jitter=self.jitter)
        ]
        points = np.concatenate(strokes)
        low = points.min(axis=0)
        room = self.tall * self.pen / 2 + 2
        size = np.ceil(points.max(axis=0) - low + 2 * room).astype(int)
        # Drawn at twice the size: OpenCV's pens are whole pixels wide.
        ink = np.zeros((2 * size[1], 2 * size[0]), np.uint8)
        width = max(1, round(2 * self.tall * self.pen * float(np.exp(rng.normal(0, 0.08)))))
        for path in strokes:
            fine = np.round((path - low + room) * 32).astype(np.int32)
            cv2.polylines(ink, [fine], False, 255, width, cv2.LINE_AA, 4)
        return cropped(
            np.asarray(cv2.resize(ink, size.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
        )

    def _copied(self, digit: int, high: float) -> Glyph:
        rng, styles = self.rng, self.styles
        key = str(digit)
        if key not in self._frames or rng.random() > SAME_FORM:
            some = rng.choice(styles.of[digit], LIKE_DIGITS)
            off = np.abs(styles.slant[some] - self.slant) + 0.3 * np.abs(
                styles.pen[some] - 20 * self.pen / 2
            )
            self._frames[key] = int(some[off.argmin()])
        frame = styles.digits.frames[self._frames[key]]
        left, top, width, height = cv2.boundingRect((frame > 40).astype(np.uint8))
        box = frame[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        scale = high / max(height, 8)
        turn = np.deg2rad(rng.normal(0, 2.5))
        linear = scale * leaning(self.wide, rng.normal(0, 0.06), turn)
        room = np.abs(linear) @ np.array([box.shape[1], box.shape[0]])
        size = np.ceil(room + 4).astype(int)
        middle = np.array([box.shape[1], box.shape[0]]) / 2
        move = np.c_[linear, size / 2 - linear @ middle]
        soft = cv2.warpAffine(box, move, size.tolist(), flags=cv2.INTER_CUBIC)
        level = float(np.clip(rng.normal(0.42, 0.08) - 0.6 * (self.pen - 0.1), 0.2, 0.6)) * 255
        slope = 255 / max(40.0, 140 / max(1.0, scale))
        sharp = np.clip((soft.astype(np.float32) - level) * slope + 128, 0, 255).astype(np.uint8)
        return cropped(sharp)


def cropped(ink: Glyph) -> Glyph:
    """Cut a sign down to its ink; one pixel where there is none."""
    left, top, width, height = cv2.boundingRect((ink > 60).astype(np.uint8))
    return ink[top : top + max(1, height), left : left + max(1, width)]
