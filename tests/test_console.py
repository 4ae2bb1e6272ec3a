"""What is told of a long run where there is no terminal."""

import pytest

from digitdrop.cli import console


def told(
    work: list[tuple[float, int]], total: int, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Tell of pictures that are done at some time each; give the lines."""
    clock = iter([seconds for seconds, _ in work])
    with console.progress(total, quiet=False, clock=lambda: next(clock)) as advance:
        for _, done in work:
            advance(done)
    return capsys.readouterr().err.splitlines()


def test_how_long_a_start_takes_says_nothing_of_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told([(60, 16), (62, 100), (65, 400), (66, 100)], 2516, capsys) == [
        "516 of 2,516, 100 a second, 20 s left"
    ]


def test_the_time_left_is_taken_from_the_pace_of_late(capsys: pytest.CaptureFixture[str]) -> None:
    known_already = [(0.1, 1000), (0.2, 90_000)]
    steady = [(float(seconds), 10) for seconds in range(1, 100)]

    lines = told([*known_already, *steady], 100_990, capsys)

    assert len(lines) == 19
    assert lines[-1] == "91,960 of 100,990, 10 a second, 903 s left"


def test_nothing_is_told_while_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([(0, 0), (10, 0), (15, 50)], 100, capsys) == [
        "50 of 100, 3 a second, 15 s left",
    ]
