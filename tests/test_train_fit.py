"""Training itself; TensorFlow takes some seconds to import, so these are told apart as slow."""

import json
import shutil
import signal
import subprocess
import sys
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
from digitdrop_train.options import Options
from digitdrop_train.synthesis.batches import TrainingBatches
from drawn_digits import some_digits

pytestmark = pytest.mark.slow

THRESHOLDS = Thresholds(temperature=1.5, ok=0.7, not_a_digit=0.6, several=0.5)
DIGITS = some_digits(300)


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def a_network(seed: int = 1) -> Any:  # keras publishes no types
    import keras

    from digitdrop_train import network

    keras.utils.set_random_seed(seed)
    return network.build()


def a_fit(
    executor: Executor,
    *,
    resume: Any = None,
    stop_at: tuple[int, int] | None = None,
) -> tuple[Any, list[Any]]:
    """Train for two epochs of seven steps; return the network and the snapshots."""
    from digitdrop_train.fit import DigitTask, fit

    def on_step(epoch: int, step: int, _loss: float) -> None:
        if (epoch, step) == stop_at:
            raise KeyboardInterrupt

    net = a_network()
    batches = TrainingBatches(
        digits=DIGITS, bank=DIGITS, batch_size=64, epochs=2, seed=1, executor=executor
    )
    snapshots: list[Any] = []
    fit(
        net,
        batches,
        DigitTask(held_out=DIGITS[:50]),
        resume=resume,
        on_step=on_step,
        on_epoch=snapshots.append,
    )
    return net, snapshots


def weights(net: Any) -> list[Any]:
    return [np.asarray(each) for each in net.get_weights()]


def test_the_network_keeps_to_its_size() -> None:
    from digitdrop_train.network import multiply_adds

    net = a_network()

    assert net.input_shape == (None, 28, 28, 1)
    assert net.output_shape == (None, 12)
    assert multiply_adds(net) <= 25e6
    assert net.count_params() < 1e6


def test_the_same_seed_gives_the_same_weights(executor: Executor) -> None:
    first, again = a_fit(executor)[0], a_fit(executor)[0]

    assert all(map(np.array_equal, weights(first), weights(again)))


def test_ctrl_c_keeps_the_epochs_that_were_done(executor: Executor) -> None:
    net, snapshots = a_fit(executor, stop_at=(2, 3))

    assert len(snapshots) == 1
    assert all(np.isfinite(each).all() for each in weights(net))
    assert not all(map(np.array_equal, weights(net), weights(a_network())))


def a_checkpoint(folder: Path, **training: object) -> Any:
    from digitdrop_train.checkpoint import Checkpoint

    return Checkpoint(folder, training)


def test_a_training_resumed_from_its_checkpoint_ends_with_the_same_weights(
    executor: Executor, tmp_path: Path
) -> None:
    whole, snapshots = a_fit(executor)
    checkpoint = a_checkpoint(tmp_path, seed=1)

    checkpoint.save(snapshots[0])
    resumed, rest = a_fit(executor, resume=checkpoint.load(say=print))

    assert [[epoch.epoch for epoch in snapshot.history] for snapshot in rest] == [[1, 2]]
    assert all(map(np.array_equal, weights(whole), weights(resumed)))


def a_snapshot() -> Any:
    from digitdrop_train.fit import Epoch, Snapshot

    epoch = Epoch(
        epoch=1,
        loss=0.1,
        accuracy=0.9,
        validation_loss=float("nan"),
        validation_accuracy=float("nan"),
        learning_rate=1e-3,
        seconds=1.0,
    )
    return Snapshot(history=[epoch], arrays=[np.ones((20, 30), np.float32), np.array(7)])


def test_a_checkpoint_of_another_training_or_a_damaged_one_starts_anew(tmp_path: Path) -> None:
    checkpoint = a_checkpoint(tmp_path, seed=1)
    checkpoint.save(a_snapshot())
    whole = checkpoint.path.read_bytes()
    told: list[str] = []

    assert checkpoint.load(say=told.append) is not None
    assert a_checkpoint(tmp_path, seed=2).load(say=told.append) is None
    a_checkpoint(tmp_path, seed=2).save(a_snapshot())
    assert checkpoint.path.read_bytes() == whole
    a_checkpoint(tmp_path, seed=2).delete()
    for place in range(0, len(whole), 7):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for damaged in (whole[:place], changed):
            checkpoint.path.write_bytes(damaged)
            assert checkpoint.load(say=told.append) is None

    assert told[0].startswith("going on after epoch 1")
    assert "of other trainings, which are left alone: checkpoint-" in told[1]
    assert all("is damaged: starting from the first epoch" in line for line in told[2:])


def test_the_export_answers_like_the_network_and_is_found_by_the_worker(tmp_path: Path) -> None:
    from digitdrop_train import export

    net = a_network()
    model = export.export_network(net)
    parity = export.check_parity(model, net, DIGITS.frames)
    export.write_model(model, THRESHOLDS, {"note": "first"}, tmp_path)
    export.write_model(model, THRESHOLDS, {"note": "second"}, tmp_path)

    assert parity.different_answers == 0
    assert parity.largest_difference < 1e-4
    assert Classifier.load(tmp_path).thresholds == THRESHOLDS
    assert json.loads((tmp_path / "digits.json").read_text())["note"] == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.json", "digits.tflite"]


def test_an_export_of_another_network_is_refused() -> None:
    from digitdrop_train import export

    model = export.export_network(a_network(seed=1))

    with pytest.raises(ModelError, match="nothing was replaced"):
        export.check_parity(model, a_network(seed=2), DIGITS.frames)


def write_mnist(folder: Path) -> None:
    np.savez(
        folder / "mnist.npz",
        x_train=DIGITS.frames,
        y_train=DIGITS.labels,
        x_test=DIGITS.frames[:40],
        y_test=DIGITS.labels[:40],
    )


def the_options(folder: Path, **others: Any) -> Options:
    standard = Options(
        data=folder,
        epochs=1,
        validation_split=0.2,
        output=folder / "models",
        plots=folder / "training",
        seed=1,
        scenes=50,
        calibration_pictures=20,
        only="digits",
        number_epochs=1,
        number_pictures=60,
        calibration_numbers=30,
    )
    return replace(standard, **others)


def the_card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "digits.json").read_text())
    return card


def test_a_training_ends_with_a_model_its_card_and_its_curves(tmp_path: Path) -> None:
    from digitdrop_train.run import recalibrate, train_digits

    write_mnist(tmp_path)
    options = the_options(tmp_path)
    told: list[str] = []

    train_digits(options, say=told.append)
    train_digits(replace(options, validation_split=0.0), say=told.append)
    recalibrate(replace(options, validation_split=0.5), say=told.append)

    card = the_card(options.output)
    assert Classifier.load(options.output).name.startswith("digits-")
    assert card["test"]["count"] == 40
    assert card["recipe"]["epochs_done"] == 1
    assert card["calibration"]["on"].startswith("learned (none were held out)")
    assert {path.name for path in options.plots.iterdir()} == {
        "accuracy.png",
        "history.csv",
        "loss.png",
    }
    assert any(line.startswith("MNIST test accuracy") for line in told)

    other = tmp_path / "other"
    shutil.copytree(options.output, other)
    with pytest.raises(ModelError, match="has the seed 1"):
        recalibrate(replace(options, other_seeds=(other,)), say=told.append)
    (other / "digits.json").write_text(json.dumps(card | {"recipe": card["recipe"] | {"seed": 2}}))
    recalibrate(replace(options, other_seeds=(other,)), say=told.append)

    seeds = the_card(options.output)["seeds"]
    assert seeds["best_digit_right"] == dict.fromkeys("12", card["test"]["best_digit_right"])
    assert seeds["standard_deviation"] == 0


TRAINING = """
import sys
from pathlib import Path
from digitdrop_train.options import Options
from digitdrop_train.run import train_digits

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    train_digits(
        Options(
            data=folder, epochs=6, validation_split=0.2, output=folder / "models",
            plots=folder / "training", seed=1, scenes=50, calibration_pictures=20, number_epochs=1,
        ),
        say=lambda line: print(line, flush=True),
    )
"""


def a_training(folder: Path) -> "subprocess.Popen[str]":
    (folder / "program.py").write_text(TRAINING)
    return subprocess.Popen(
        [sys.executable, folder / "program.py", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stopped_after(epoch: int, training: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send a signal once the training reports this epoch; return what it prints."""
    assert training.stderr is not None
    while f"epoch {epoch}/6" not in (line := training.stderr.readline()):
        assert line, "the training ended early"
    training.send_signal(number)
    return training.communicate(timeout=600)[0]


def test_a_training_that_is_killed_and_then_interrupted_ends_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    from digitdrop_train.run import train_digits

    folder, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"
    for each in (folder, undisturbed):
        each.mkdir()
        write_mnist(each)

    stopped_after(1, a_training(folder), signal.SIGKILL)
    assert not (folder / "models" / "digits.json").exists()
    told = stopped_after(3, a_training(folder), signal.SIGINT)
    done = the_card(folder / "models")["recipe"]["epochs_done"]
    last, errors = a_training(folder).communicate(timeout=600)
    train_digits(the_options(undisturbed, epochs=6), say=print)

    assert "going on after epoch " in told
    assert 3 <= done < 6
    assert f"stopped after epoch {done}: the same command again goes on from there" in told
    assert f"going on after epoch {done}; to start anew, delete" in last
    assert "Traceback" not in errors
    assert not list((folder / "training").glob("*checkpoint*"))
    assert the_card(folder / "models")["recipe"]["epochs_done"] == 6
    frames = list(DIGITS.frames)
    first, second = (
        Classifier.load(each / "models").probabilities(frames) for each in (folder, undisturbed)
    )
    assert np.array_equal(first, second)
