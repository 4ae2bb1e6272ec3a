"""What is no digit: letters, scribbles, plots, and anything that a camera sees."""

import math

import cv2
import numpy as np

from digitdrop.values import Grey
from digitdrop_train.synthesis.handwriting import some_height
from digitdrop_train.synthesis.papers import Cover
from digitdrop_train.synthesis.sheet import bent, laid_out

LETTERS = "ACEFHKMNPRTUVWXcdefhkmnprtuvwx@#%+*={}[]"
"""What does not pass for a digit: B b D G g I i J j l O o Q q S s y Z z & and the like are left
out; so are L, Y and a, which `letters` draws."""


def letters(count: int, rng: np.random.Generator) -> Cover:
    """Return as many letters and signs, in one of eight plain fonts."""
    text = "".join(rng.choice(list(LETTERS), count))
    sheet = np.zeros((200, 160 * count + 100), np.uint8)
    font = int(rng.integers(0, 8)) | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    cv2.putText(sheet, text, (50, 140), font, 3.5, 255, int(rng.integers(3, 18)), cv2.LINE_AA)
    tall = some_height(rng) if count == 1 else int(rng.integers(12, 80))
    return laid_out([bent(sheet, tall, rng)], rng)


def scribble(rng: np.random.Generator) -> Cover:
    """Return one to three curves across one another."""
    sheet = np.zeros((200, 200), np.uint8)
    thick = int(rng.integers(2, 16))
    for _ in range(int(rng.integers(1, 4))):
        knots = rng.uniform(20, 180, (int(rng.integers(3, 8)), 2))
        steps = np.linspace(0, 1, 60)[:, None]
        order = len(knots) - 1
        curve = sum(
            math.comb(order, i) * steps**i * (1 - steps) ** (order - i) * knots[i]
            for i in range(order + 1)
        )
        curve = (curve - np.mean(curve, axis=0)) * rng.uniform(1, 1.8) + 100
        cv2.polylines(sheet, [curve.astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return laid_out([bent(sheet, some_height(rng), rng)], rng)


def plot(rng: np.random.Generator) -> Cover:
    """Return a plot with its axes and numbers, as papers have them."""
    sheet = np.zeros((200, 280), np.uint8)
    cv2.rectangle(sheet, (30, 15), (265, 175), 255, 1 if rng.random() < 0.7 else 2)
    for _ in range(int(rng.integers(1, 4))):
        heights = np.clip(95 + np.cumsum(rng.normal(0, 14, 16)), 15, 175)
        points = np.stack([np.linspace(30, 265, 16), heights], axis=1).astype(np.int32)
        cv2.polylines(sheet, [points], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    for at in range(40, 260, 45):
        cv2.putText(sheet, str(at), (at, 190), 0, 0.35, 255, 1, cv2.LINE_AA)
    return laid_out([sheet.astype(np.float32) / np.float32(255)], rng)


def view(rng: np.random.Generator) -> Grey:
    """Return soft shapes of all sizes, as photographs of anything have them."""
    sides = rng.integers(28, 200, 2)
    seen = np.zeros(sides, np.float32)
    for octave in range(1, 6):
        size = (int(sides[1]), int(sides[0]))
        coarse = rng.standard_normal((2**octave + 1, 2**octave + 1), dtype=np.float32)
        seen += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) / octave
    for _ in range(int(rng.integers(0, 5))):
        at = (int(rng.integers(sides[1])), int(rng.integers(sides[0])))
        axes = (int(rng.integers(2, 50)), int(rng.integers(2, 50)))
        tone = float(rng.normal(0, 1.5))
        cv2.ellipse(seen, at, axes, float(rng.uniform(0, 180)), 0, 360, tone, -1)
    grey: Grey = np.clip(127 + seen * rng.uniform(15, 60), 0, 255).astype(np.uint8)
    return grey
