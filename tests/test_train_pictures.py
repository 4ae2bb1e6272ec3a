import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitdrop.preprocess.mnist_frame import is_framed, narrowed
from digitdrop.preprocess.normalise import look
from digitdrop.values import NOT_A_DIGIT, SEVERAL
from digitdrop_train.calibration.samples import questions
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.alphabet import FORMS
from digitdrop_train.synthesis.augment import augment
from digitdrop_train.synthesis.bank import bank
from digitdrop_train.synthesis.batches import Lessons, Shares
from digitdrop_train.synthesis.corruptions import SPOILERS
from digitdrop_train.synthesis.geometry import crop, fit
from digitdrop_train.synthesis.letters import letter
from digitdrop_train.synthesis.negatives import MAKERS, not_a_digit
from digitdrop_train.synthesis.numbers import several
from digitdrop_train.synthesis.strokes import drawn


def some_digits(count: int = 40) -> Digits:
    chance = np.random.default_rng(7)
    labels = np.arange(count) % 10
    frames = np.stack([drawn(int(label), chance) for label in labels])
    return Digits(frames=frames, labels=labels.astype(np.uint8))


DIGITS = some_digits()
Make = Callable[[np.random.Generator], npt.NDArray[np.uint8]]

MAKES: dict[str, Make] = {
    "augment": lambda chance: augment(DIGITS.frames[3], chance),
    "not_a_digit": lambda chance: not_a_digit(DIGITS, chance),
    "several": lambda chance: several(DIGITS, chance),
    "letter": lambda chance: fit(letter(chance)),
    "drawn": lambda chance: drawn(int(chance.integers(10)), chance),
}
for _, spoiler in SPOILERS:
    MAKES[spoiler.__name__] = lambda chance, spoil=spoiler: spoil(DIGITS.frames[5], chance)  # type: ignore[misc]
for _, maker in MAKERS:
    MAKES[maker.__name__] = lambda chance, make=maker: fit(make(DIGITS, chance))  # type: ignore[misc]


@pytest.mark.parametrize("name", MAKES)
def test_every_maker_gives_frames_and_the_same_for_the_same_seed(name: str) -> None:
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
    frames = [drawn(digit, np.random.default_rng(seed)) for seed in range(30)]

    assert len(FORMS[digit]) >= 3
    assert all(is_framed(frame) for frame in frames)


def test_an_empty_drawing_fits_as_an_empty_frame() -> None:
    assert not fit(np.zeros((50, 30), np.uint8)).any()


def lessons_of(pool: ThreadPoolExecutor, *, seed: int = 3) -> list[list[Digits]]:
    lessons = Lessons(
        DIGITS, DIGITS[:9], batch=16, epochs=2, seed=seed, shares=Shares(), makers=pool
    )
    epochs = [list(epoch) for epoch in lessons]
    assert [len(epoch) for epoch in epochs] == [lessons.steps] * 2
    return epochs


TRAINING = """
import os, time
from digitdrop_train.makers import makers

if __name__ == "__main__":
    with makers(spare=0) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_makers_end_with_a_training_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "training.py"
    program.write_text(TRAINING)
    training = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE)
    assert training.stdout is not None
    assert int(training.stdout.readline()) != training.pid  # the maker is there

    training.kill()

    # It holds the other end of our pipe for as long as it lives.
    assert training.communicate(timeout=60)[0] == b""


def test_lessons_do_not_depend_on_the_number_of_makers() -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(4) as four:
        alone, together = lessons_of(one), lessons_of(four)

    for batch, other in zip(chain(*alone), chain(*together), strict=True):
        assert np.array_equal(batch.frames, other.frames)
        assert np.array_equal(batch.labels, other.labels)


def test_each_epoch_and_each_seed_shows_other_pictures() -> None:
    with ThreadPoolExecutor(1) as pool:
        first, second = lessons_of(pool)
        other = lessons_of(pool, seed=4)[0]

    assert not np.array_equal(first[0].frames, second[0].frames)
    assert not np.array_equal(first[0].frames, other[0].frames)


def test_lessons_hold_digits_and_both_kinds_of_other_things() -> None:
    with ThreadPoolExecutor(1) as pool:
        batches = chain(*lessons_of(pool))
        labels = np.concatenate([batch.labels for batch in batches])

    assert {NOT_A_DIGIT, SEVERAL} <= set(labels.tolist())
    assert np.mean(labels < 10) > 0.6


def test_the_bank_holds_what_the_worker_sees_and_is_the_same_again() -> None:
    with ThreadPoolExecutor(2) as pool:
        first = bank(DIGITS, 100, seed=1, makers=pool)
        again = bank(DIGITS, 100, seed=1, makers=pool)

    assert np.array_equal(first.frames, again.frames)
    assert first.frames.shape[1:] == (28, 28)
    assert set(first.labels.tolist()) >= {NOT_A_DIGIT, SEVERAL}


def test_questions_are_plain_realistic_and_of_other_things() -> None:
    with ThreadPoolExecutor(2) as pool:
        asked = questions(DIGITS, 20, seed=1, makers=pool)

    digits = [question for question in asked if question.label < NOT_A_DIGIT]
    assert sum(question.plain for question in asked) == 20
    assert len(digits) == 40
    assert len(asked) == 50
    assert all(frame.shape == (28, 28) for question in asked for frame in question.sight.frames)


@pytest.mark.parametrize("side", [16, 32])
def test_a_square_is_narrowed_for_training_as_the_worker_narrows_it(side: int) -> None:
    tight = crop(DIGITS.frames[2])
    stretched = cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA)
    square = np.where(stretched > 96, 255, 0).astype(np.uint8)

    seen = look(255 - square).frames

    assert any(np.array_equal(frame, fit(narrowed(square))) for frame in seen)


def test_of_digits_that_have_none_of_those_wanted_any_other_is_taken_apart() -> None:
    ones = DIGITS[DIGITS.labels == 1]
    chance = np.random.default_rng(3)

    made = [not_a_digit(ones, chance) for _ in range(200)]

    assert all(frame.shape == (28, 28) for frame in made)
