"""What was written, turned, and put somewhere on an empty sheet."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop_train.synthesis.papers import Cover


def laid_out(covers: Sequence[Cover], rng: np.random.Generator) -> Cover:
    """Put pieces side by side on an empty sheet, somewhere, with some room around."""
    tall = max(cover.shape[0] for cover in covers)
    gaps = rng.normal(0.12, 0.12, len(covers)) * tall
    wide = int(sum(cover.shape[1] for cover in covers) + max(0.0, gaps.sum()) + tall)
    room = [int(tall * _room(rng)) for _ in range(4)]
    sheet = np.zeros((room[0] + tall + room[1], room[2] + wide + room[3]), np.float32)
    at = room[2]
    right = at
    for cover, gap in zip(covers, gaps, strict=True):
        height, width = cover.shape
        top = room[0] + int(rng.uniform(0.3, 0.7) * (tall - height))
        part = sheet[top : top + height, at : at + width]
        np.maximum(part, cover[:, : part.shape[1]], out=part)
        right = min(at + width, sheet.shape[1])
        at = max(0, right + int(gap))
    sheet = sheet[:, : right + room[3]]
    scale = 400 / max(sheet.shape)
    if scale < 1:
        sheet = np.asarray(
            cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32
        )
    return sheet


def _room(rng: np.random.Generator) -> float:
    return float(rng.choice([rng.uniform(0, 0.1), rng.uniform(0.1, 0.6), rng.uniform(0.3, 2)]))


def bent(sheet: npt.NDArray[np.uint8], tall: int, rng: np.random.Generator) -> Cover:
    """Turn and slant a shape, and crop it to its ink, `tall` pixels high."""
    turn = np.eye(2) + rng.normal(0, 0.1, (2, 2))
    middle = np.array(sheet.shape[::-1]) / 2
    move = np.c_[turn, middle - turn @ middle]
    shape = cv2.warpAffine(sheet, move, sheet.shape[::-1]).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(shape)
    crop = shape[top : top + max(1, height), left : left + max(1, width)]
    scale = tall / crop.shape[0]
    size = (max(1, round(crop.shape[1] * scale)), tall)
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(
        255
    )
