"""The number reader's training: its pictures, its network, and a whole training of a minute."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")

from digitdrop.errors import ModelError
from digitdrop.inference.alphabet import OTHER, POINT, STRIDE, whole_number
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.numbers import NumberReader
from digitdrop.preprocess.strip import HEIGHT, WIDTHS
from digitdrop.values import NumberThresholds
from digitdrop_train.options import Options
from digitdrop_train.strings.batches import (
    StringBatches,
    keep_styles,
    make_string_chunk,
)
from digitdrop_train.strings.hand import Hand, Styles
from digitdrop_train.strings.pictures import FRACTION, number_picture, tokens
from digitdrop_train.strings.samples import MOST_SIGNS, NO_LABEL, again, packed, samples_of
from drawn_digits import some_digits

DIGITS = some_digits(300)
STYLES = Styles.measure(DIGITS)


@pytest.fixture
def executor() -> Iterator[Executor]:
    keep_styles(STYLES)
    with ThreadPoolExecutor(2) as pool:
        yield pool


def a_rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_same_seed_makes_the_same_strips() -> None:
    first, second = (make_string_chunk(STYLES, 8, (1, 2)) for _ in range(2))

    assert len(first) == len(second) > 0
    for one, other in zip(first, second, strict=True):
        assert one.signs == other.signs
        assert np.array_equal(one.pixels, other.pixels)


def test_most_pictures_show_whole_numbers_of_every_length_and_some_show_others() -> None:
    rng = a_rng()
    written = [tuple(tokens(rng)) for _ in range(2000)]
    signs = [tuple(sign for sign in each if sign >= 0) for each in written if FRACTION not in each]

    lengths = Counter(len(whole_number(each) or "") for each in signs)

    assert set(range(1, 9)) <= set(lengths)
    assert 0.1 < lengths[0] / len(signs) < 0.35
    assert sum(POINT in each for each in signs) > 200
    assert any(OTHER in each for each in signs)


def test_every_strip_is_as_the_worker_cuts_it_and_its_signs_stand_in_order() -> None:
    rng = a_rng()

    samples = [sample for _ in range(40) for sample in samples_of(number_picture(STYLES, rng))]

    assert len(samples) > 30
    for sample in samples:
        assert sample.pixels.shape[0] == HEIGHT
        assert sample.pixels.shape[1] in WIDTHS
        assert 0 < len(sample.signs) <= MOST_SIGNS
        assert all(0 <= column < sample.pixels.shape[1] / STRIDE for column in sample.columns)
        assert len(sample.columns) in (0, len(sample.signs))


def test_the_middle_of_a_sign_lies_on_ink() -> None:
    rng = a_rng(3)
    samples = [sample for _ in range(60) for sample in samples_of(number_picture(STYLES, rng))]

    inked = [
        sample.pixels[:, max(0, STRIDE * (column - 2)) : STRIDE * (column + 3)].max() > 100
        for sample in samples
        for sign, column in zip(sample.signs, sample.columns, strict=False)
        if sign < 10
    ]

    assert np.mean(inked) > 0.97


def test_a_hand_writes_a_digit_again_in_its_own_form() -> None:
    alike = []
    for seed in range(30):
        hand = Hand.of(STYLES, 40, a_rng(seed))
        first, second = hand.digit(7), hand.digit(7)
        alike.append(abs(first.shape[1] - second.shape[1]) <= 8)

    assert np.mean(alike) > 0.7


def test_another_copy_of_a_strip_keeps_its_label() -> None:
    sample = next(samples_of(number_picture(STYLES, a_rng(5))))

    copy = again(sample, a_rng())

    assert copy.signs == sample.signs
    assert copy.pixels.shape == sample.pixels.shape
    assert not np.array_equal(copy.pixels, sample.pixels)


def test_a_batch_holds_signs_and_middles_apart() -> None:
    samples = make_string_chunk(STYLES, 20, (1,), copies=0)
    width = samples[0].pixels.shape[1]
    of_one_width = [sample for sample in samples if sample.pixels.shape[1] == width]

    strips, targets = packed(of_one_width)

    assert strips.shape == (len(of_one_width), HEIGHT, width, 1)
    assert targets.shape == (len(of_one_width), MOST_SIGNS + width // STRIDE)
    for sample, row in zip(of_one_width, targets, strict=True):
        signs = row[:MOST_SIGNS]
        assert tuple(signs[signs != NO_LABEL]) == sample.signs


def test_an_epoch_is_the_same_whether_or_not_those_before_it_were_made(
    executor: Executor,
) -> None:
    batches = StringBatches(pictures=60, epochs=2, seed=1, executor=executor)

    whole = [[targets for _, targets in epoch] for epoch in batches.from_epoch(0)]
    late = [[targets for _, targets in epoch] for epoch in batches.from_epoch(1)]

    assert len(whole) == 2
    assert len(late) == 1
    for one, other in zip(whole[1], late[0], strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "damage", ["missing card", "missing model", "other model", "no threshold"]
)
def test_a_pair_that_does_not_belong_together_is_refused(damage: str, tmp_path: Path) -> None:
    card = {"sha256": "0" * 64, "thresholds": {"ok": 0.9}}
    if damage == "no threshold":
        card["thresholds"] = {}
    if damage != "missing card":
        (tmp_path / "numbers.json").write_text(json.dumps(card))
    if damage != "missing model":
        (tmp_path / "numbers.tflite").write_bytes(b"no model")

    with pytest.raises(ModelError, match="numbers"):
        NumberReader.load(tmp_path)


def test_a_loss_asks_for_the_right_string() -> None:
    from digitdrop_train.strings.network import StringLoss

    sample = make_string_chunk(STYLES, 3, (4,), copies=0)[0]
    _, targets = packed([sample])
    rows = sample.pixels.shape[1] // STRIDE
    right = np.full((1, rows, 15), -8.0, np.float32)
    right[..., 14] = 0
    for sign, column in zip(sample.signs, sample.columns, strict=True):
        right[0, column] = -8.0
        right[0, column, sign] = 8.0
    wrong = np.roll(right, 1, axis=2)

    loss = StringLoss()

    assert float(loss(targets, right)) < 0.3 * float(loss(targets, wrong))


@pytest.mark.slow
def test_a_training_ends_with_a_number_reader_that_the_worker_loads(tmp_path: Path) -> None:
    from digitdrop_train.run import recalibrate, train_networks

    write_mnist(tmp_path)
    options = Options(
        data=tmp_path,
        epochs=1,
        number_epochs=2,
        validation_split=0.2,
        output=tmp_path / "models",
        plots=tmp_path / "training",
        seed=1,
        only="numbers",
        number_pictures=120,
        calibration_numbers=40,
    )
    told: list[str] = []

    train_networks(replace(options, number_epochs=1), say=told.append)
    train_networks(options, say=told.append)
    recalibrate(options, say=told.append)

    card = json.loads((options.output / "numbers.json").read_text())
    reader = NumberReader.load(options.output)
    assert reader.name.startswith("numbers-")
    assert isinstance(reader.thresholds, NumberThresholds)
    assert card["command"].startswith("digitdrop train --only numbers --epochs 2")
    assert card["recipe"]["epochs_done"] == 2
    assert card["parity"]["different_answers"] == 0
    assert set(card["test"]["by_length"]) == set("2345678")
    assert (options.plots / "numbers" / "loss.png").exists()
    assert not list((options.plots / "numbers").glob("checkpoint-*"))
    with pytest.raises(ModelError, match="digits"):
        Classifier.load(options.output)


def write_mnist(folder: Path) -> None:
    np.savez(
        folder / "mnist.npz",
        x_train=DIGITS.frames,
        y_train=DIGITS.labels,
        x_test=DIGITS.frames[:60],
        y_test=DIGITS.labels[:60],
    )


@pytest.mark.slow
def test_a_training_that_goes_on_from_a_checkpoint_learns_the_epochs_that_are_left(
    executor: Executor,
) -> None:
    import keras

    from digitdrop_train.fit import Snapshot, fit
    from digitdrop_train.strings.network import build_reader
    from digitdrop_train.strings.task import StringTask

    def trained(resume: Snapshot | None, snapshots: list[Snapshot]) -> keras.Model:
        keras.utils.set_random_seed(1)
        network = build_reader()
        fit(
            network,
            StringBatches(pictures=60, epochs=2, seed=1, executor=executor),
            StringTask(held_out=[]),
            resume=resume,
            on_step=lambda *_: None,
            on_epoch=snapshots.append,
        )
        return network

    snapshots: list[Snapshot] = []
    rest: list[Snapshot] = []

    whole = trained(None, snapshots)
    resumed = trained(snapshots[0], rest)

    assert [len(snapshot.history) for snapshot in (*snapshots, *rest)] == [1, 2, 2]
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-5)
