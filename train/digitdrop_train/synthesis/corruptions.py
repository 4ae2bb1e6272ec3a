"""What poor pictures do to a frame: few pixels, blur, noise, gaps, lines, hard edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitdrop.values import Frame
from digitdrop_train.synthesis.blots import (
    bands,
    dots,
    erase,
    gaps,
    lines,
    outline,
    spatter,
    specks,
    zigzag,
)
from digitdrop_train.synthesis.lens import (
    blur,
    contrast,
    few_pixels,
    noise,
    shake,
    thresholded,
    uneven,
)

Chance = np.random.Generator
Spoiler = Callable[[Frame, Chance], Frame]


def spoil(frame: Frame, chance: Chance) -> Frame:
    """Do one thing that poor pictures do, or, three times in ten, none."""
    kind = chance.random()
    for share, spoiler in SPOILERS:
        if kind < share:
            return spoiler(frame, chance)
        kind -= share
    return frame


SPOILERS: tuple[tuple[float, Spoiler], ...] = (
    (0.07, few_pixels),
    (0.06, blur),
    (0.03, shake),
    (0.07, noise),
    (0.04, specks),
    (0.06, contrast),
    (0.03, uneven),
    (0.04, erase),
    (0.05, lines),
    (0.02, dots),
    (0.03, zigzag),
    (0.03, bands),
    (0.04, outline),
    (0.03, spatter),
    (0.06, thresholded),
    (0.03, gaps),
)
"""How often each happens; what is missing to 1 leaves the frame as it is."""
