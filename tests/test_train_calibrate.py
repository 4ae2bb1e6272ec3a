import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitdrop.errors import FolderError, SetupError
from digitdrop.inference.decision import confidence, judge
from digitdrop.values import NOT_A_DIGIT, Frame, Probabilities, Sight, Thresholds
from digitdrop_train.calibration.calibrate import calibrate
from digitdrop_train.calibration.evaluate import (
    adaptive_calibration_error,
    predictions,
    score_digits,
)
from digitdrop_train.calibration.posterior import fit_platt_scale
from digitdrop_train.calibration.samples import Sample
from digitdrop_train.cli import ExtraMissing, train
from digitdrop_train.data import DataError

RNG = np.random.default_rng(11)


class Oracle:
    """Reads what is written on a frame, and is surer than it is right."""

    def __init__(self, *, right: float, sure: float) -> None:
        self._right = right
        self._sure = sure

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        rows = np.full((len(frames), 12), (1 - self._sure) / 11, np.float32)
        for row, frame in zip(rows, frames, strict=True):
            label, luck = written_on(frame)
            row[label if luck < self._right else (label + 1) % 10] = self._sure
        return rows


def a_frame(label: int, number: int = 0) -> Frame:
    """Write a label and what decides its luck in three stripes, that every view shows."""
    stripes = np.array([label, *divmod(number, 256)], np.uint8)
    return np.tile(np.repeat(stripes, (10, 9, 9))[:, None], 28)


def written_on(frame: Frame) -> tuple[int, float]:
    """Read the label, and the luck of that picture, 0-1, spread evenly over many."""
    label, high, low = (int(frame[row, 14]) for row in (5, 14, 23))
    return label, (256 * high + low) * 0.6180339887 % 1


def a_sample(label: int, number: int = 0) -> Sample:
    frame = a_frame(label, number)
    return Sample(candidates=Sight(frames=(frame,), trust=(1.0,)), label=label, plain=True)


def many(others: int = 0) -> list[Sample]:
    return [a_sample(n % 10, n) for n in range(3000)] + [a_sample(NOT_A_DIGIT)] * others


def test_overconfidence_is_cooled_down_to_the_truth() -> None:
    chosen = calibrate(Oracle(right=0.9, sure=0.999), many())

    assert chosen.thresholds.temperature > 1.5
    assert chosen.error < 0.03


class Doubter:
    """Is right far more often than it dares to say."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        rows = np.full((len(frames), 12), 1e-3, np.float32)
        for row, frame in zip(rows, frames, strict=True):
            label, luck = written_on(frame)
            sure = 0.5 + 0.4 * (luck * 97 % 1)
            row[label if luck < sure**0.2 else (label + 1) % 10] = sure
            row[NOT_A_DIGIT] = 1 - sure - 0.01
        return rows


def test_underconfidence_is_raised_to_the_truth_though_no_temperature_mends_it() -> None:
    chosen = calibrate(Doubter(), many())

    assert chosen.accuracy == pytest.approx(0.93, abs=0.02)
    assert chosen.error < 0.02


def test_a_network_that_hardly_dares_to_say_anything_is_still_put_on_a_scale() -> None:
    chosen = calibrate(Oracle(right=1.0, sure=0.2), many())

    assert 0 < chosen.thresholds.slope < 3
    assert chosen.error < 0.01


def test_the_scale_is_found_from_however_far_away() -> None:
    slope, offset = fit_platt_scale(np.full(50, 0.01), np.ones(50, bool))
    thresholds = Thresholds(
        temperature=1, ok=0.5, not_a_digit=0.5, several=0.5, slope=slope, offset=offset
    )

    assert confidence(0.01, 1.0, thresholds) > 0.4


def test_a_network_that_is_right_keeps_its_digits_ok() -> None:
    chosen = calibrate(Oracle(right=0.999, sure=0.99), many(others=200))

    assert chosen.ok_share >= 0.97
    assert chosen.ok_wrong <= 0.003
    assert chosen.others == 200
    assert chosen.others_ok < 0.01


class Alike:
    """Is wrong in 15 of 1,000, of which it is as sure as of 34 right ones."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        rows = np.full((len(frames), 12), 1e-4, np.float32)
        for row, frame in zip(rows, frames, strict=True):
            label, luck = written_on(frame)
            row[(label + (luck < 0.015)) % 10] = 0.9 if luck < 0.049 else 0.95 + luck / 25
        return rows


def test_as_many_as_are_equally_sure_count_for_the_budget_of_errors() -> None:
    chosen = calibrate(Alike(), many())

    assert chosen.ok_share > 0.95
    assert chosen.ok_wrong <= 0.003


def test_a_network_that_recognises_nothing_is_one_clear_line() -> None:
    with pytest.raises(SetupError, match="recognises none of the pictures"):
        calibrate(Oracle(right=0.0, sure=0.9), many())


class Taken:
    """Takes letters (written as 20-29) for digits, as unsure as it is of some real ones."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        rows = np.full((len(frames), 12), 1e-4, np.float32)
        for row, frame in zip(rows, frames, strict=True):
            label, luck = written_on(frame)
            unsure = label < 10 and luck < 0.045
            sure = 0.6 + 0.2 * luck if label >= 10 else 0.6 + luck if unsure else 0.98
            row[(label + (unsure and luck * 1000 % 1 < 0.5)) % 10] = sure
            row[NOT_A_DIGIT] = 1 - sure - 0.001
        return rows


def test_what_passes_for_a_digit_raises_the_demands_on_digits() -> None:
    letters = [
        replace(a_sample(20 + n % 10, n), label=NOT_A_DIGIT, plain=False) for n in range(500)
    ]

    lenient = calibrate(Taken(), many())
    strict = calibrate(Taken(), many() + letters)

    assert lenient.thresholds.ok < strict.thresholds.ok
    assert strict.others_ok <= 0.02
    assert strict.ok_share >= 0.95


def test_a_shadow_of_which_one_reading_looks_like_a_digit_is_not_ok() -> None:
    frames = tuple(a_frame(label) for label in (NOT_A_DIGIT, NOT_A_DIGIT, 1))
    shadow = Sight(frames=frames, trust=(0.6, 0.25, 0.15))
    shadows = [Sample(candidates=shadow, label=NOT_A_DIGIT, plain=False)] * 50

    chosen = calibrate(Oracle(right=1.0, sure=0.999), many() + shadows)

    assert chosen.ok_share >= 0.99
    assert chosen.others_ok == 0


def test_pictures_in_which_nothing_was_found_do_not_count() -> None:
    nothing = Sample(candidates=Sight(frames=(), trust=()), label=3, plain=False)

    chosen = calibrate(Oracle(right=0.999, sure=0.99), [*many(), nothing])

    assert chosen.digits == 3000


def test_figures_count_what_the_worker_would_predict() -> None:
    posterior = np.full((4, 12), 0.01)
    posterior[range(4), [0, 1, 2, NOT_A_DIGIT]] = 0.89
    labels = np.array([0, 1, 3, 4], np.uint8)
    thresholds = Thresholds(temperature=1, ok=0.5, not_a_digit=0.5, several=0.5)

    summed = score_digits(posterior, posterior, labels, thresholds)

    assert (summed.count, summed.right, summed.rejected, summed.accuracy) == (4, 2, 1, 0.5)


def test_training_counts_as_predicted_what_the_worker_predicts() -> None:
    posterior = RNG.dirichlet(np.full(12, 0.2), 500)
    thresholds = Thresholds(temperature=1, ok=0.5, not_a_digit=0.6, several=0.3)
    sight = Sight(frames=(np.zeros((28, 28), np.uint8),), trust=(1.0,))

    predicted = predictions(posterior, thresholds)

    for row, digit in zip(posterior, predicted, strict=True):
        verdict = judge(sight, row[None].astype(np.float32), thresholds)
        assert verdict.prediction == (None if digit < 0 else str(digit))


def test_confidence_that_holds_what_it_promises_has_no_calibration_error() -> None:
    confidence = RNG.uniform(0.5, 1, 200_000)
    right = RNG.random(200_000) < confidence

    assert adaptive_calibration_error(confidence, right) < 0.01
    assert adaptive_calibration_error(confidence, np.zeros(200_000, bool)) > 0.7


def test_without_the_extra_training_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)  # as where it is not installed

    with pytest.raises(ExtraMissing, match=r"pip install 'digitdrop\[train\]'"):
        train()


@pytest.mark.slow
def test_a_training_without_data_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data"):
        train(data=tmp_path / "nowhere")


@pytest.mark.slow
def test_an_output_that_cannot_be_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FolderError, match="file") as error:
        train(output=tmp_path / "file" / "models", plots=tmp_path / "training")

    assert "\n" not in str(error.value)


def test_the_command_is_there_without_tensorflow() -> None:
    import subprocess

    program = (
        "import sys, digitdrop_train.cli; print('tensorflow' in sys.modules, 'cv2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.split() == [b"False", b"False"]
