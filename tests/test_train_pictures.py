import doctest
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import digitdrop_train
from digitdrop.preprocess.mnist_frame import is_framed, narrowed
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import NOT_A_DIGIT, SEVERAL
from digitdrop_train.calibration.samples import make_samples
from digitdrop_train.data import Dataset
from digitdrop_train.processes import ProcessLost, process_pool
from digitdrop_train.synthesis.alphabet import DIGIT_FORMS
from digitdrop_train.synthesis.augment import augment
from digitdrop_train.synthesis.bank import make_bank
from digitdrop_train.synthesis.batches import TrainingBatches
from digitdrop_train.synthesis.corruptions import CORRUPTIONS
from digitdrop_train.synthesis.geometry import as_frame, crop
from digitdrop_train.synthesis.letters import letter
from digitdrop_train.synthesis.negatives import NEGATIVES, not_a_digit, several
from digitdrop_train.synthesis.strokes import draw_digit
from drawn_digits import some_digits

DIGITS = some_digits(40)
Make = Callable[[np.random.Generator], npt.NDArray[np.uint8]]

MAKES: dict[str, Make] = {
    "augment": lambda rng: augment(DIGITS.frames[3], rng),
    "not_a_digit": lambda rng: not_a_digit(DIGITS, rng),
    "several": lambda rng: several(DIGITS, rng),
    "letter": lambda rng: as_frame(letter(rng)),
    "draw_digit": lambda rng: draw_digit(int(rng.integers(10)), rng),
}
for _, corruption in CORRUPTIONS:
    MAKES[corruption.__name__] = lambda rng, corrupt=corruption: corrupt(DIGITS.frames[5], rng)  # type: ignore[misc]
for _, negative in NEGATIVES:
    MAKES[negative.__name__] = lambda rng, make=negative: as_frame(make(DIGITS, rng))  # type: ignore[misc]


@pytest.mark.parametrize("name", MAKES)
def test_every_generator_gives_frames_and_the_same_for_the_same_seed(name: str) -> None:
    make = MAKES[name]

    first = [make(np.random.default_rng(seed)) for seed in range(25)]
    again = [make(np.random.default_rng(seed)) for seed in range(25)]

    assert all(frame.shape == (28, 28) and frame.dtype == np.uint8 for frame in first)
    assert all(map(np.array_equal, first, again))
    assert len({frame.tobytes() for frame in first}) > 5


def test_augmenting_leaves_the_original_alone() -> None:
    frame = DIGITS.frames[0].copy()

    for seed in range(50):
        augment(frame, np.random.default_rng(seed))

    assert np.array_equal(frame, DIGITS.frames[0])


def test_most_augmented_frames_have_the_geometry_that_the_worker_gives() -> None:
    frames = [
        augment(DIGITS.frames[n % 40], np.random.default_rng(n), gentle=1) for n in range(200)
    ]

    assert sum(map(is_framed, frames)) > 100


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_has_forms_and_each_is_drawn_inside_the_frame(digit: int) -> None:
    frames = [draw_digit(digit, np.random.default_rng(seed)) for seed in range(30)]

    assert len(DIGIT_FORMS[digit]) >= 3
    assert all(is_framed(frame) for frame in frames)


def test_an_empty_drawing_fits_as_an_empty_frame() -> None:
    assert not as_frame(np.zeros((50, 30), np.uint8)).any()


def epochs_of(pool: ThreadPoolExecutor, *, seed: int = 3, first: int = 0) -> list[list[Dataset]]:
    batches = TrainingBatches(
        digits=DIGITS, bank=DIGITS[:9], batch_size=16, epochs=2, seed=seed, executor=pool
    )
    epochs = [list(epoch) for epoch in batches.from_epoch(first)]
    assert [len(epoch) for epoch in epochs] == [batches.steps] * (2 - first)
    return epochs


TRAINING = """
import os, time
from digitdrop_train.processes import process_pool

if __name__ == "__main__":
    with process_pool(spare=0) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_processes_end_with_a_training_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "training.py"
    program.write_text(TRAINING)
    training = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE)
    assert training.stdout is not None
    assert int(training.stdout.readline()) != training.pid  # the process is there

    training.kill()

    # It holds the other end of our pipe for as long as it lives.
    assert training.communicate(timeout=60)[0] == b""


def lose_a_process() -> None:
    with process_pool(spare=0) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGTERM)
        pool.submit(time.sleep, 60).result()


def test_a_process_that_is_killed_is_one_clear_line() -> None:
    with pytest.raises(ProcessLost, match="was killed") as error:
        lose_a_process()

    assert "\n" not in str(error.value)


def pure_modules() -> list[str]:
    """Name the modules that need no Keras, which takes seconds to import."""
    found = pkgutil.walk_packages(digitdrop_train.__path__, "digitdrop_train.")
    heavy = {"card", "checkpoint", "export", "fit", "network", "plots", "run"}
    return [module.name for module in found if module.name.split(".")[1] not in heavy]


@pytest.mark.parametrize("name", pure_modules())
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_batches_do_not_depend_on_the_number_of_processes() -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(4) as four:
        alone, together = epochs_of(one), epochs_of(four)

    for batch, other in zip(chain(*alone), chain(*together), strict=True):
        assert np.array_equal(batch.frames, other.frames)
        assert np.array_equal(batch.labels, other.labels)


def test_each_epoch_and_each_seed_shows_other_pictures() -> None:
    with ThreadPoolExecutor(1) as pool:
        first, second = epochs_of(pool)
        other = epochs_of(pool, seed=4)[0]

    assert not np.array_equal(first[0].frames, second[0].frames)
    assert not np.array_equal(first[0].frames, other[0].frames)


def test_an_epoch_is_the_same_without_the_epochs_before_it() -> None:
    with ThreadPoolExecutor(1) as pool:
        second = epochs_of(pool)[1]
        alone = epochs_of(pool, first=1)[0]

    for batch, other in zip(second, alone, strict=True):
        assert np.array_equal(batch.frames, other.frames)
        assert np.array_equal(batch.labels, other.labels)


def test_batches_hold_digits_and_both_kinds_of_other_things() -> None:
    with ThreadPoolExecutor(1) as pool:
        batches = chain(*epochs_of(pool))
        labels = np.concatenate([batch.labels for batch in batches])

    assert {NOT_A_DIGIT, SEVERAL} <= set(labels.tolist())
    assert np.mean(labels < 10) > 0.6


def test_the_bank_holds_what_the_worker_sees_and_is_the_same_again() -> None:
    with ThreadPoolExecutor(2) as pool:
        first = make_bank(DIGITS, 100, seed=1, executor=pool)
        again = make_bank(DIGITS, 100, seed=1, executor=pool)

    assert np.array_equal(first.frames, again.frames)
    assert first.frames.shape[1:] == (28, 28)
    assert set(first.labels.tolist()) >= {NOT_A_DIGIT, SEVERAL}


def test_samples_are_plain_realistic_and_of_other_things() -> None:
    with ThreadPoolExecutor(2) as pool:
        samples = make_samples(DIGITS, 20, seed=1, executor=pool)

    digits = [sample for sample in samples if sample.label < NOT_A_DIGIT]
    assert sum(sample.plain for sample in samples) == 20
    assert len(digits) == 40
    assert len(samples) == 50
    assert all(frame.shape == (28, 28) for sample in samples for frame in sample.candidates.frames)


@pytest.mark.parametrize("side", [16, 32])
def test_a_square_is_narrowed_for_training_as_the_worker_narrows_it(side: int) -> None:
    tight = crop(DIGITS.frames[2])
    stretched = cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA)
    square = np.where(stretched > 96, 255, 0).astype(np.uint8)

    seen = normalise(255 - square).frames

    assert any(np.array_equal(frame, as_frame(narrowed(square))) for frame in seen)


def test_of_digits_that_have_none_of_those_wanted_any_other_is_taken_apart() -> None:
    ones = DIGITS[DIGITS.labels == 1]
    rng = np.random.default_rng(3)

    made = [not_a_digit(ones, rng) for _ in range(200)]

    assert all(frame.shape == (28, 28) for frame in made)
