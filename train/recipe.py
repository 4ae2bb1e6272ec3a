"""One training from beginning to end: data, network, curves, calibration, model."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cv2
import keras

from train import network, plots, publish
from train.calibrate import Calibration, calibrate
from train.data import Digits, load
from train.evaluate import Figures, figures
from train.exam import questions
from train.fit import BATCH, PEAK, WEIGHT_DECAY, Epoch, fit
from train.lessons import Lessons, Shares
from train.makers import makers
from train.progress import Progress
from worker.values import Thresholds

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a training depends on; everything else is a constant beside its use."""

    data: Path | None
    """Folder with MNIST; None lets Keras download it."""
    epochs: int
    validation_split: float
    """The last share of the training pictures, 0-0.9, is never learned."""
    output: Path
    """Folder for the model and its card."""
    plots: Path
    seed: int
    show: bool = False
    exam: int = 2000
    """Held-out digits of each kind, plain and realistic, that the thresholds are chosen on."""
    shares: Shares = Shares()


def train(recipe: Recipe, *, say: Say) -> None:
    """Train, check, and put the model in place.

    After Ctrl-C what was learned in the epochs so far is kept in the same way; in the
    first epoch, nothing is, and what lies in the output folder stays.

    Args:
        recipe: what to do.
        say: is told, line by line, what a person wants to know.

    Raises:
        SetupError: the data cannot be had, or the export does not agree with the training.
        KeyboardInterrupt: in the first epoch, or a second time.
    """
    started = time.monotonic()
    learned, test = load(recipe.data)
    kept, held_out = learned.split(recipe.validation_split)
    say(f"{len(kept):,} pictures to learn, {len(held_out):,} to validate, {len(test):,} to test")
    keras.utils.set_random_seed(recipe.seed)
    net = network.build()
    with makers() as pool:
        history = _learn(net, kept, held_out, recipe, pool)
        if not history:
            raise KeyboardInterrupt
        if len(history) < recipe.epochs:
            say(f"stopped: keeping what {len(history)} of {recipe.epochs} epochs have learned")
        plots.save(history, recipe.plots, show=recipe.show)
        model = publish.export(net)
        parity = publish.check(model, net, test.frames)
        # Without held-out digits the learned ones have to do; the card says so.
        chosen = _calibrated(model, held_out if len(held_out) else kept, recipe, pool)
    tested = _tested(model, chosen.thresholds, test)
    minutes = (time.monotonic() - started) / 60
    card = _card(recipe, net, history, chosen, tested, minutes) | {"parity": asdict(parity)}
    publish.publish(model, chosen.thresholds, card, recipe.output)
    for line in _summary(recipe, tested, chosen, history, minutes):
        say(line)


def _learn(
    net: keras.Model, kept: Digits, held_out: Digits, recipe: Recipe, pool: Executor
) -> list[Epoch]:
    lessons = Lessons(kept, batch=BATCH, seed=recipe.seed, shares=recipe.shares, makers=pool)
    history: list[Epoch] = []
    with Progress(recipe.epochs, lessons.steps) as progress:

        def finish(epoch: Epoch) -> None:
            history.append(epoch)
            progress.epoch(epoch)

        fit(net, lessons, held_out, epochs=recipe.epochs, on_step=progress.step, on_epoch=finish)
    return history


def _calibrated(model: bytes, digits: Digits, recipe: Recipe, pool: Executor) -> Calibration:
    count = min(recipe.exam, len(digits))
    asked = questions(digits, count, seed=recipe.seed, makers=pool)
    return calibrate(publish.classifier(model), asked)


def _tested(model: bytes, thresholds: Thresholds, test: Digits) -> Figures:
    answers = publish.classifier(model, thresholds).probabilities(list(test.frames))
    return figures(answers, test.labels)


def _card(
    recipe: Recipe,
    net: keras.Model,
    history: list[Epoch],
    chosen: Calibration,
    tested: Figures,
    minutes: float,
) -> dict[str, object]:
    last = history[-1]
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"digitdrop train --epochs {recipe.epochs} "
        f"--validation-split {recipe.validation_split:g} --seed {recipe.seed}",
        "minutes": round(minutes, 1),
        "data": "MNIST (LeCun, Cortes, Burges), from "
        + ("a folder" if recipe.data else "keras.datasets"),
        "recipe": {
            "epochs": recipe.epochs,
            "epochs_done": len(history),
            "validation_split": recipe.validation_split,
            "seed": recipe.seed,
            "batch": BATCH,
            "peak_learning_rate": PEAK,
            "weight_decay": WEIGHT_DECAY,
            "shares_beside_mnist": asdict(recipe.shares),
            "selection": "the averaged weights after the last step; no choice by the test set",
        },
        "network": {
            "parameters": net.count_params(),
            "multiply_adds": network.multiply_adds(net),
            "input": "uint8 (frames, 28, 28, 1), 0 = paper, 255 = ink",
            "output": "float32 (frames, 12): logits of 0-9, not_a_digit, several",
        },
        "test": {"on": "MNIST's 10,000 test pictures", **asdict(tested)},
        "validation": {
            "accuracy": last.validation_accuracy,
            "loss": last.validation_loss,
        },
        "calibration": {
            "on": "held-out training pictures, half of them plain, half photographed, scanned "
            "and drawn; and letters, scribbles, numbers, empty paper",
            **{name: each for name, each in asdict(chosen).items() if name != "thresholds"},
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("keras", "tensorflow", "numpy")}
        | {"opencv": cv2.__version__},
    }


def _summary(
    recipe: Recipe, tested: Figures, chosen: Calibration, history: list[Epoch], minutes: float
) -> list[str]:
    return [
        f"MNIST test accuracy: {tested.accuracy:.2%} ({tested.right:,} of {tested.count:,})",
        f"validation accuracy: {history[-1].validation_accuracy:.2%}",
        f"realistic and plain held-out pictures: {chosen.accuracy:.2%} right, "
        f"{chosen.ok_share:.2%} ok, of those {chosen.ok_wrong:.2%} wrong",
        f"model in {recipe.output}, curves in {recipe.plots}, after {minutes:.1f} minutes",
    ]
