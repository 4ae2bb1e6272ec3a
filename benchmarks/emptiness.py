"""Pictures with nothing on them, made at random: none may pass for a digit."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

Chance = np.random.Generator
Levels = npt.NDArray[np.floating]
"""Shape (height, width), meant for 0-255."""


def one_colour(shape: tuple[int, int], chance: Chance) -> Levels:
    """One grey all over."""
    return np.full(shape, float(chance.integers(256)))


def grain(shape: tuple[int, int], chance: Chance) -> Levels:
    """Paper with the noise of a camera."""
    return chance.normal(chance.uniform(60, 240), chance.uniform(1, 40), shape)


def static(shape: tuple[int, int], chance: Chance) -> Levels:
    """Every grey equally often."""
    return chance.uniform(0, 256, shape)


def specks(shape: tuple[int, int], chance: Chance) -> Levels:
    """Salt and pepper."""
    kind, share = chance.random(shape), chance.uniform(0.001, 0.2)
    paper = chance.uniform(0, 255)
    return np.where(kind < share, 0, np.where(kind > 1 - share, 255, paper))


def gradient(shape: tuple[int, int], chance: Chance) -> Levels:
    """From one grey to another, in any direction."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    turn = chance.uniform(0, 2 * np.pi)
    along = (np.cos(turn) * x + np.sin(turn) * y) / np.sqrt(2)
    low, high = chance.uniform(0, 255, 2)
    return np.asarray(low + (high - low) * (along + 1) / 2)


def vignette(shape: tuple[int, int], chance: Chance) -> Levels:
    """Darker, or lighter, towards the corners."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    away = (x - chance.uniform(-0.3, 0.3)) ** 2 + (y - chance.uniform(-0.3, 0.3)) ** 2
    return np.asarray(chance.uniform(80, 240) + chance.uniform(-80, 40) * away)


def clouds(shape: tuple[int, int], chance: Chance) -> Levels:
    """Soft noise, as of crumpled paper."""
    coarse = chance.normal(0, 1, chance.integers(2, 12, 2))
    soft = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return chance.uniform(80, 240) + soft * chance.uniform(2, 40)


def shaded_paper(shape: tuple[int, int], chance: Chance) -> Levels:
    """A gradient with the noise of a camera."""
    return gradient(shape, chance) + chance.normal(0, chance.uniform(1, 15), shape)


KINDS: dict[str, Callable[[tuple[int, int], Chance], Levels]] = {
    "one colour": one_colour,
    "grain": grain,
    "static": static,
    "specks": specks,
    "gradient": gradient,
    "vignette": vignette,
    "clouds": clouds,
    "shaded paper": shaded_paper,
}


def empty_pictures(kind: str, count: int, chance: Chance) -> Iterator[npt.NDArray[np.uint8]]:
    """Make uint8 pictures of 8 to 600 pixels, at most three times as long as wide.

    One in four is 28x28. Slivers are left out: one that is dark all over is what
    a tight crop of a 1 looks like.
    """
    for number in range(count):
        shape = (28, 28) if number % 4 == 0 else _shape(chance)
        yield np.clip(KINDS[kind](shape, chance), 0, 255).astype(np.uint8)


def _shape(chance: Chance) -> tuple[int, int]:
    long = np.exp(chance.uniform(np.log(24), np.log(600)))
    sides = chance.permutation([long, long / chance.uniform(1, 3)])
    return int(sides[0]), int(sides[1])
