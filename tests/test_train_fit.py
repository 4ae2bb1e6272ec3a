"""Training itself; TensorFlow takes some seconds to import, so these are told apart as slow."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitdrop.errors import ModelError
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Thresholds
from digitdrop_train.data import Digits
from digitdrop_train.options import Options
from digitdrop_train.synthesis.batches import Lessons, Shares
from digitdrop_train.synthesis.strokes import drawn

pytestmark = pytest.mark.slow

THRESHOLDS = Thresholds(temperature=1.5, ok=0.7, not_a_digit=0.6, several=0.5)


def some_digits(count: int) -> Digits:
    chance = np.random.default_rng(5)
    labels = np.arange(count) % 10
    frames = np.stack([drawn(int(label), chance) for label in labels])
    return Digits(frames=frames, labels=labels.astype(np.uint8))


DIGITS = some_digits(300)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def a_network(seed: int = 1) -> Any:  # keras publishes no types
    import keras

    from digitdrop_train import network

    keras.utils.set_random_seed(seed)
    return network.build()


def trained(pool: Executor, *, stop_at: tuple[int, int] | None = None) -> tuple[Any, int]:
    from digitdrop_train.fit import fit

    def on_step(epoch: int, step: int, _loss: float) -> None:
        if (epoch, step) == stop_at:
            raise KeyboardInterrupt

    net = a_network()
    lessons = Lessons(DIGITS, DIGITS, batch=64, epochs=2, seed=1, shares=Shares(), makers=pool)
    history = fit(net, lessons, DIGITS[:50], on_step=on_step, on_epoch=lambda _epoch: None)
    return net, len(history)


def weights(net: Any) -> list[Any]:
    return [np.asarray(each) for each in net.get_weights()]


def test_the_network_keeps_to_its_size() -> None:
    from digitdrop_train.network import multiply_adds

    net = a_network()

    assert net.input_shape == (None, 28, 28, 1)
    assert net.output_shape == (None, 12)
    assert multiply_adds(net) <= 25e6
    assert net.count_params() < 1e6


def test_the_same_seed_gives_the_same_weights(pool: Executor) -> None:
    first, again = trained(pool)[0], trained(pool)[0]

    assert all(map(np.array_equal, weights(first), weights(again)))


def test_ctrl_c_keeps_the_epochs_that_were_done(pool: Executor) -> None:
    net, epochs = trained(pool, stop_at=(2, 3))

    assert epochs == 1
    assert all(np.isfinite(each).all() for each in weights(net))
    assert not all(map(np.array_equal, weights(net), weights(a_network())))


def test_the_export_answers_like_the_network_and_is_found_by_the_worker(tmp_path: Path) -> None:
    from digitdrop_train import publish

    net = a_network()
    model = publish.export(net)
    parity = publish.check(model, net, DIGITS.frames)
    publish.publish(model, THRESHOLDS, {"note": "first"}, tmp_path)
    publish.publish(model, THRESHOLDS, {"note": "second"}, tmp_path)

    assert parity.different_answers == 0
    assert parity.largest_difference < 1e-4
    assert Classifier.load(tmp_path).thresholds == THRESHOLDS
    assert json.loads((tmp_path / "digits.json").read_text())["note"] == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.json", "digits.tflite"]


def test_an_export_of_another_network_is_refused() -> None:
    from digitdrop_train import publish

    model = publish.export(a_network(seed=1))

    with pytest.raises(ModelError, match="nothing was replaced"):
        publish.check(model, a_network(seed=2), DIGITS.frames)


def test_a_training_ends_with_a_model_its_card_and_its_curves(tmp_path: Path) -> None:
    from digitdrop_train.calibration.examine import recalibrate
    from digitdrop_train.recipe import carry_out

    np.savez(
        tmp_path / "mnist.npz",
        x_train=DIGITS.frames,
        y_train=DIGITS.labels,
        x_test=DIGITS.frames[:40],
        y_test=DIGITS.labels[:40],
    )
    options = Options(
        data=tmp_path,
        epochs=1,
        validation_split=0.2,
        output=tmp_path / "models",
        plots=tmp_path / "training",
        seed=1,
        scenes=50,
        exam=20,
    )
    said: list[str] = []

    carry_out(options, say=said.append)
    carry_out(replace(options, validation_split=0.0), say=said.append)
    recalibrate(replace(options, validation_split=0.5), say=said.append)

    card = json.loads((tmp_path / "models" / "digits.json").read_text())
    assert Classifier.load(tmp_path / "models").name.startswith("digits-")
    assert card["test"]["count"] == 40
    assert card["recipe"]["epochs_done"] == 1
    assert card["calibration"]["on"].startswith("learned (none were held out)")
    assert {path.name for path in (tmp_path / "training").iterdir()} == {
        "accuracy.png",
        "history.csv",
        "loss.png",
    }
    assert any(line.startswith("MNIST test accuracy") for line in said)

    sibling = tmp_path / "sibling"
    shutil.copytree(options.output, sibling)
    with pytest.raises(ModelError, match="has the seed 1"):
        recalibrate(replace(options, siblings=(sibling,)), say=said.append)
    (sibling / "digits.json").write_text(
        json.dumps(card | {"recipe": card["recipe"] | {"seed": 2}})
    )
    recalibrate(replace(options, siblings=(sibling,)), say=said.append)

    seeds = json.loads((options.output / "digits.json").read_text())["seeds"]
    assert seeds["best_digit_right"] == dict.fromkeys("12", card["test"]["best_digit_right"])
    assert seeds["standard_deviation"] == 0
