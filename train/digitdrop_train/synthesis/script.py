"""Letters, signs and shapes as hands write them, stroke by stroke: none of them is a digit."""

from __future__ import annotations

import numpy as np

from digitdrop_train.synthesis.alphabet import Form
from digitdrop_train.synthesis.geometry import Ink
from digitdrop_train.synthesis.strokes import draw, hand, thickness

Chance = np.random.Generator

FORMS: tuple[Form, ...] = (
    Form(("l 0,100 50,0 100,100", "l 20,62 80,62")),  # A
    Form(("c 5,100 20,30 50,0 80,35 95,100", "l 15,60 88,58")),
    Form(("c 95,15 60,0 10,30 5,70 50,100 95,85",)),  # C
    Form(("l 100,0 5,0 5,100 100,100", "l 5,50 80,48")),  # E
    Form(("l 100,0 5,0 0,100", "l 3,48 75,46")),  # F
    Form(("l 0,0 0,100", "l 100,0 100,100", "l 0,50 100,50")),  # H
    Form(("c 0,20 20,0 25,100", "c 80,0 95,40 85,100", "c 0,60 50,40 100,50")),
    Form(("l 0,0 0,100", "l 95,0 0,55", "l 25,42 100,100")),  # K
    Form(("l 5,0 5,98 100,98",)),  # L
    Form(("l 0,100 10,0 50,70 90,0 100,100",)),  # M
    Form(("c 0,100 15,0 25,10 48,80 70,10 85,0 100,100",)),
    Form(("l 0,100 5,0 95,100 100,0",)),  # N
    Form(("l 5,0 5,100", "c 5,5 60,0 95,25 60,50 5,52")),  # P
    Form(("l 5,0 5,100", "c 5,5 60,0 95,22 60,46 5,50", "l 40,50 100,100")),  # R
    Form(("c 10,5 60,-5 95,20 60,48 30,50 60,60 100,100", "l 15,10 5,100")),
    Form(("l 0,0 100,0", "l 50,0 50,100")),  # T
    Form(("c 0,0 2,70 30,100 70,100 95,70 100,0",)),  # U
    Form(("l 0,0 50,100 100,0",)),  # V
    Form(("l 0,0 25,100 50,30 75,100 100,0",)),  # W
    Form(("c 0,5 15,95 45,90 50,35 60,95 90,90 100,0",)),
    Form(("l 0,0 100,100", "l 100,0 0,100")),  # X
    Form(("c 0,5 40,30 60,70 100,95", "c 95,0 60,35 40,65 0,100")),
    Form(("l 0,0 50,48", "l 100,0 50,48 48,100")),  # Y
    # a, wide enough to be none of 0, 2 and 9.
    Form(("c 88,20 50,0 5,30 10,85 50,100 88,60", "c 90,5 86,60 90,92 100,98"), wide=(0.7, 1.1)),
    Form(("c 85,55 45,40 5,65 20,98 60,95 88,65", "l 90,0 90,100")),  # d
    Form(("c 5,55 95,50 70,5 20,15 5,60 45,100 95,85",)),  # e
    Form(("c 90,10 60,0 45,30 42,100", "l 10,45 85,42")),  # f
    Form(("l 5,0 5,100", "c 5,65 40,40 85,50 90,100")),  # h
    Form(("l 5,0 5,100", "l 80,40 5,70", "l 25,62 85,100")),  # k
    Form(("l 0,20 2,100", "c 2,45 25,20 48,35 50,100", "c 50,45 75,20 98,35 100,100")),  # m
    Form(("l 5,10 5,100", "c 5,40 45,0 90,20 95,100")),  # n
    Form(("l 10,10 10,100", "c 10,45 40,5 90,15")),  # r
    Form(("c 40,0 38,80 60,100 90,85", "l 5,30 85,28")),  # t
    Form(("c 0,5 5,80 40,100 85,70 90,5", "l 90,5 95,100")),  # u
    Form(("l 30,0 20,100", "l 75,0 65,100", "l 0,32 100,30", "l 0,68 100,66")),  # number sign
    Form(("l 0,25 100,22", "l 0,75 100,75"), 0.5, (0.7, 1.5)),  # equals
    Form(("l 50,0 50,100", "l 5,20 95,80", "l 95,20 5,80")),  # asterisk
    Form(("l 50,0 50,100", "l 0,50 100,50"), 0.5),  # plus
    Form(("c 50,100 0,40 15,0 50,25 85,0 100,40 50,100",)),  # heart
    Form(("l 50,0 100,100 0,100 50,0",)),  # triangle
    Form(("l 0,55 35,100 100,0",), 1.0, (0.8, 1.4)),  # tick
    Form(("c 55,50 45,40 40,60 60,65 70,40 50,20 15,50 45,95 95,80",)),  # spiral
    Form(("l 0,50 100,50", "l 70,20 100,50 70,80"), 0.5, (0.8, 1.6)),  # arrow
    Form(("c 0,60 15,30 35,60 50,80 65,50 85,20 100,45",), 1.0, (1.2, 2.5)),  # wave
)
"""Left out, as in `letters`, is what may well be a digit: B, b, D, G, g, I, J, l, O, S, Z ..."""


def written(chance: Chance) -> Ink:
    """Write one letter, sign or shape; uint8 (112, 112), not yet in MNIST's geometry."""
    return draw(hand(FORMS[chance.integers(len(FORMS))], chance), thickness(chance))
