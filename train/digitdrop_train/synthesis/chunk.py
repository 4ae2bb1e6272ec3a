"""Some hundred pictures to learn from, made in one go, in a process beside the training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitdrop.values import NOT_A_DIGIT, SEVERAL
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.augment import augment
from digitdrop_train.synthesis.negatives import not_a_digit
from digitdrop_train.synthesis.numbers import several
from digitdrop_train.synthesis.strokes import drawn

Chance = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made in one chunk."""

    digits: Digits
    seen: Digits
    gentle: float
    """The probability that a digit is changed only a little, see `augment`."""
    drawn: int
    not_a_digit: int
    several: int
    seed: tuple[int, ...]

    def __len__(self) -> int:
        extra = self.drawn + self.not_a_digit + self.several
        return len(self.digits) + len(self.seen) + extra


def chunk(order: Order) -> Digits:
    """Make a chunk and shuffle it; the same order gives the same pictures."""
    chance = np.random.default_rng(order.seed)
    made = [
        (augment(frame, chance, gentle=order.gentle), int(label))
        for frame, label in zip(order.digits.frames, order.digits.labels, strict=True)
    ]
    for frame, label in zip(order.seen.frames, order.seen.labels, strict=True):
        again = frame if chance.random() < 0.5 else augment(frame, chance, gentle=0.8)
        made.append((again, int(label)))
    for _ in range(order.drawn):
        digit = int(chance.integers(10))
        made.append((augment(drawn(digit, chance), chance), digit))
    nothing = (not_a_digit(order.digits, chance) for _ in range(order.not_a_digit))
    made.extend((frame, NOT_A_DIGIT) for frame in nothing)
    numbers = (several(order.digits, chance) for _ in range(order.several))
    made.extend((frame, SEVERAL) for frame in numbers)
    shuffled = [made[index] for index in chance.permutation(len(made))]
    frames, labels = zip(*shuffled, strict=True)
    return Digits(frames=np.stack(frames), labels=np.array(labels, np.uint8))
