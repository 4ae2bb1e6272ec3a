"""Draw how a picture was read: as decoded, the frames that the network saw, its answers."""

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.inference.decision import weights
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Frame, Grey, Probabilities, Sight, Verdict

Canvas = npt.NDArray[np.uint8]
"""Shape (height, width, 3), BGR, 255 = white."""

_MOST = 2  # frames shown: further ones seldom decide
_SIDE = 224  # pixels: a frame eight times enlarged
_GAP = 16
_TITLE = 28
_INK = (40, 40, 40)
_PALE = (225, 205, 190)
_CHOSEN = (60, 140, 40)
_NAMES = {NOT_A_DIGIT: "none", SEVERAL: "more"}


def sheet(grey: Grey, sight: Sight, probabilities: Probabilities, verdict: Verdict) -> Canvas:
    """Draw one picture's way from left to right.

    Args:
        grey: as decoded, 0 = black, 255 = white.
        sight: its frames.
        probabilities: one row per frame.
        verdict: what was made of them.

    Returns:
        One panel for the picture, two for each of the frames that count most, and the answer,
        side by side.
    """
    panels = [_panel(_fitted(grey), "the picture, upright")]
    counts = weights(np.array(sight.trust), probabilities)
    for index in np.argsort(-counts, kind="stable")[:_MOST].tolist():
        title = f"frame {index + 1} of {len(sight.frames)}: trust {sight.trust[index]:.2f}"
        panels.append(_panel(_enlarged(sight.frames[index]), title))
        bars = _bars(probabilities[index], verdict.prediction)
        panels.append(_panel(bars, "the network says"))
    panels.append(_panel(_said(verdict), "the answer"))
    return np.hstack(panels)


def _panel(picture: Canvas, title: str) -> Canvas:
    canvas = np.full((_SIDE + _TITLE + _GAP, _SIDE + _GAP, 3), 255, np.uint8)
    canvas[_TITLE : _TITLE + _SIDE, _GAP : _GAP + _SIDE] = picture
    _write(canvas, title, (_GAP, _TITLE - 9))
    return canvas


def _fitted(grey: Grey) -> Canvas:
    """Fit a picture into a square panel, on a tint that no grey picture has."""
    height, width = grey.shape
    scale = _SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.cvtColor(cv2.resize(grey, size, interpolation=method), cv2.COLOR_GRAY2BGR)
    canvas = np.full((_SIDE, _SIDE, 3), _PALE, np.uint8)
    top, left = (_SIDE - size[1]) // 2, (_SIDE - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def _enlarged(frame: Frame) -> Canvas:
    large = cv2.resize(frame, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def _bars(row: npt.NDArray[np.float32], prediction: str | None) -> Canvas:
    canvas = np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    step = _SIDE // len(row)
    for label, probability in enumerate(row):
        top, bottom = label * step + 3, (label + 1) * step - 2
        colour = _CHOSEN if str(label) == prediction else _INK
        length = round(float(probability) * (_SIDE - 100))
        cv2.rectangle(canvas, (44, top), (44 + length, bottom), colour, cv2.FILLED)
        _write(canvas, _NAMES.get(label, str(label)), (2, bottom - 1))
        _write(canvas, f"{probability:.3f}", (50 + length, bottom - 1))
    return canvas


def _said(verdict: Verdict) -> Canvas:
    canvas = np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    if verdict.prediction is not None:
        scale = min(5.0, 10.0 / len(verdict.prediction))  # eight digits fill the panel
        style = cv2.FONT_HERSHEY_SIMPLEX, scale, _CHOSEN, max(2, round(1.6 * scale)), cv2.LINE_AA
        place = (round(_SIDE / 2 - 11 * scale * len(verdict.prediction)), _SIDE // 2 + 40)
        cv2.putText(canvas, verdict.prediction, place, *style)
        _write(canvas, f"confidence {verdict.confidence:.4f}", (4, _SIDE - 30))
    _write(canvas, f"status {verdict.status}", (4, _SIDE - 10))
    return canvas


def _write(canvas: Canvas, text: str, place: tuple[int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
