"""The verdict of the digits network and the strings in the strips -> the picture's verdict.

Digits come first: an `ok` digit is overruled only by a number that fills the strip beyond doubt,
and a number of one digit overrules nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from digitdrop.inference.decision import logit
from digitdrop.inference.numbers import NumberReading
from digitdrop.values import DigitCount, NumberThresholds, Status, Verdict

PLAIN: Final = 0.9
"""The least probability of strings that overrule a digit, or that `--digits` rules out ..."""
LIKELY: Final = 0.5
"""... and of strings that are no whole number, where no digit was read either, and of strings of
two signs or more that make an `ok` digit `uncertain`."""
LEAST_GUESS: Final = 0.1
"""A number less likely than this is not guessed."""
LEAST_CONFIDENCE: Final = 0.01
"""The confidence of a number with fewer digits than are expected."""

SEVERAL_LINES: Final = "it looks like several lines of writing"
TWO_NUMBERS: Final = "it looks like two numbers side by side"


def without_number(verdict: Verdict) -> Verdict:
    """Judge a picture with several lines of writing: it is `several`, or no digit at all."""
    if verdict.status in (Status.SEVERAL, Status.UNCERTAIN, Status.OK):
        return Verdict(status=Status.SEVERAL, reason=SEVERAL_LINES)
    return verdict


def with_number(
    verdict: Verdict, reading: NumberReading, digits: DigitCount, thresholds: NumberThresholds
) -> Verdict:
    """Judge a picture by its strips as well.

    Args:
        verdict: of the digits network.
        reading: of the picture's strips.
        digits: how many digits a number may have; strings of other lengths are not counted.
        thresholds: from the number reader's card.
    """
    no_number = _read_as_none(reading)
    if no_number >= (LIKELY if verdict.prediction is None else PLAIN):
        return _none(verdict, reading)
    longer = {number: p for number, p in reading.numbers.items() if len(number) > 1}
    total = sum(longer.values())
    if verdict.status is Status.OK and total < PLAIN:
        return _doubted(verdict, reading) if total + no_number >= LIKELY else verdict
    if len(reading.best) < 2:
        return verdict
    if reading.apart:
        return Verdict(status=Status.SEVERAL, reason=TWO_NUMBERS)
    return _longer_number(verdict, reading.best, longer, digits, thresholds)


def _longer_number(
    verdict: Verdict,
    best: str,
    longer: Mapping[str, float],
    digits: DigitCount,
    thresholds: NumberThresholds,
) -> Verdict:
    """Judge a picture that shows a number of two digits or more.

    Args:
        verdict: of the digits network; it stays where no number is likely.
        best: the likeliest number.
        longer: probability of each number of two digits or more, the likeliest first.
        digits: how many digits a number may have.
        thresholds: from the number reader's card.
    """
    total = sum(longer.values())
    within = {
        number: p for number, p in longer.items() if digits.least <= len(number) <= digits.most
    }
    if sum(within.values()) < (1 - PLAIN) * total:
        return _of_other_length(best, digits)
    if max(within.values()) < LEAST_GUESS and verdict.status is not Status.SEVERAL:
        return verdict
    others = max(1e-9, 1 - total + sum(within.values()))
    return _number({number: p / others for number, p in within.items()}, thresholds)


def _doubted(verdict: Verdict, reading: NumberReading) -> Verdict:
    """Keep the digit as a guess: the number reader finds more than one sign there."""
    texts = (text for text in (*reading.numbers, *reading.others) if len(text) > 1)
    return replace(verdict, status=Status.UNCERTAIN, reason=f"it may also be {next(texts)}")


def number_confidence(probability: float, thresholds: NumberThresholds) -> float:
    """Return how often a number read with this probability is right, 0-1 (Platt 1999)."""
    return 1 / (1 + math.exp(-thresholds.slope * logit(probability) - thresholds.offset))


def _number(within: Mapping[str, float], thresholds: NumberThresholds) -> Verdict:
    first, *others = within
    confidence = number_confidence(within[first], thresholds)
    second = others[0] if others else None
    rest = 0.0
    if second is not None:
        rest = (1 - confidence) * within[second] / max(1e-6, 1 - within[first])
    is_ok = confidence >= thresholds.ok
    guess = f"it may also be {second}" if second else "it is hard to read"
    return Verdict(
        status=Status.OK if is_ok else Status.UNCERTAIN,
        prediction=first,
        confidence=confidence,
        reason="" if is_ok else guess,
        runner_up=second,
        runner_up_confidence=min(confidence, rest) if second else None,
    )


def _read_as_none(reading: NumberReading) -> float:
    """Return the probability of strings of two signs or more that are no whole number."""
    return sum(p for text, p in reading.others.items() if len(text) > 1)


def _none(verdict: Verdict, reading: NumberReading) -> Verdict:
    text = next(text for text in reading.others if len(text) > 1)
    if "?" not in text:
        reason = f"{text} is no whole number"
    elif any(sign.isdecimal() for sign in text):
        reason = f"it looks like {text}, where ? is a letter or a sign"
    else:
        reason = "it looks like letters or signs"
        if verdict.status is Status.SEVERAL:
            return verdict
    return Verdict(status=Status.NOT_A_DIGIT, reason=reason)


def _of_other_length(number: str, digits: DigitCount) -> Verdict:
    looks = f"it looks like {len(number)} digits"
    if len(number) > digits.most:
        return Verdict(status=Status.SEVERAL, reason=f"{looks}, and {digits} may be read")
    reason = f"{looks}, and {digits} are expected"
    return Verdict(
        status=Status.UNCERTAIN, prediction=number, confidence=LEAST_CONFIDENCE, reason=reason
    )
