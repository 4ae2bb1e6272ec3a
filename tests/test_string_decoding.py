"""From probabilities along a strip to strings, and from strings to whole numbers."""

import doctest
import importlib
from collections import Counter
from itertools import groupby, product

import numpy as np
import pytest

from digitdrop.inference.alphabet import (
    BLANK,
    DASH,
    OTHER,
    POINT,
    SIGNS,
    SLASH,
    spelled,
    whole_number,
)
from digitdrop.inference.beam import SignProbabilities, likeliest, places


def rows(*chances: dict[int, float]) -> SignProbabilities:
    """Give each row these probabilities; the blank has the rest."""
    table = np.zeros((len(chances), SIGNS), np.float32)
    for row, chance in zip(table, chances, strict=True):
        row[list(chance)] = list(chance.values())
        row[BLANK] += 1 - row.sum()
    return table


def by_every_alignment(table: SignProbabilities) -> Counter[tuple[int, ...]]:
    """Sum up the probabilities of all alignments of each string, one by one."""
    found: Counter[tuple[int, ...]] = Counter()
    for path in product(range(SIGNS), repeat=len(table)):
        chance = float(np.prod([row[sign] for row, sign in zip(table, path, strict=True)]))
        if chance:
            found[tuple(sign for sign, _ in groupby(path) if sign != BLANK)] += chance  # type: ignore[assignment]
    return found


def test_the_probability_of_a_string_is_that_of_all_its_alignments() -> None:
    table = rows({1: 0.6, 7: 0.2}, {1: 0.5, 4: 0.3}, {4: 0.45, 9: 0.3}, {9: 0.4, 4: 0.2})

    found = dict(likeliest(table))

    expected = by_every_alignment(table)
    best, chance = likeliest(table)[0]
    assert best == max(expected, key=lambda string: expected[string])
    assert chance == pytest.approx(expected[best], rel=0.02)
    assert sum(found.values()) <= 1 + 1e-6


def test_a_sign_is_written_twice_only_with_a_blank_between() -> None:
    touching = rows({0: 0.99}, {0: 0.99}, {0: 0.99})
    apart = rows({0: 0.99}, {}, {0: 0.99})

    assert likeliest(touching)[0][0] == (0,)
    assert likeliest(apart)[0][0] == (0, 0)


def test_bare_paper_is_the_empty_string() -> None:
    (string, chance), *others = likeliest(rows(*[{}] * 40))

    assert (string, others) == ((), [])
    assert chance == pytest.approx(1.0)


def test_the_places_of_signs_are_the_middles_of_their_runs() -> None:
    table = rows({}, {3: 0.9}, {3: 0.9}, {3: 0.9}, {}, {8: 0.9})

    assert places(table) == [(3, 2.0), (8, 5.0)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", "7"),
        ("0042", "0042"),
        ("1.250", "1250"),
        ("1.250.000", "1250000"),
        ("368-", "368"),
        ("727.", "727"),
        ("110.000/-", "110000"),
        ("350.-", "350"),
        ("/7288", "17288"),
        ("20.5", None),
        ("12.34", None),
        ("0.125", None),
        ("1250.000", None),
        ("-7", None),
        ("1/2", None),
        ("12/05", None),
        ("61?", None),
        ("?", None),
        ("-", None),
        ("", None),
    ],
)
def test_only_whole_numbers_are_numbers(text: str, number: str | None) -> None:
    signs = {".": POINT, "-": DASH, "/": SLASH, "?": OTHER}
    written = tuple(signs[sign] if sign in signs else int(sign) for sign in text)

    assert whole_number(written) == number
    assert spelled(written) == text


def test_the_examples_of_the_documentation_are_right() -> None:
    module = importlib.import_module("digitdrop.inference.alphabet")

    assert doctest.testmod(module).failed == 0
