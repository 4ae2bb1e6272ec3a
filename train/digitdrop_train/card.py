"""The model's card: how it was trained and its figures, for people and for the worker."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import mean, stdev
from typing import Any, TypeAlias

import cv2
import keras

from digitdrop.errors import ModelError
from digitdrop.inference.classifier import Classifier
from digitdrop_train.calibration.calibrate import Calibration
from digitdrop_train.calibration.evaluate import DigitScores
from digitdrop_train.export import Parity
from digitdrop_train.fit import BATCH_SIZE, PEAK_RATE, WEIGHT_DECAY, Epoch
from digitdrop_train.network import multiply_adds
from digitdrop_train.options import Options
from digitdrop_train.synthesis.batches import Mixture

Card: TypeAlias = dict[str, Any]
"""The content of `digits.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """The outcome of a training."""

    history: Sequence[Epoch]
    """The finished epochs, at least one."""
    parity: Parity
    calibration: Calibration
    test: DigitScores
    """On MNIST's test set, by the exported network."""
    minutes: float


def make_card(options: Options, net: keras.Model, result: TrainingResult) -> Card:
    """Describe a training; `write_model` adds the thresholds and the SHA-256."""
    last = result.history[-1]
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "minutes": round(result.minutes, 1),
        "command": str(options),
        "data": "MNIST (LeCun, Cortes, Burges); drawn and composed pictures by train/",
        "recipe": {**recipe(options), "epochs_done": len(result.history)},
        "network": describe_network(net),
        "test": asdict(result.test),
        "validation": {
            "on": f"the last {options.validation_split:.0%} of MNIST's training pictures",
            "accuracy": last.validation_accuracy,
            "loss": last.validation_loss,
        }
        if options.validation_split
        else None,
        "parity": asdict(result.parity),
        "calibration": describe_calibration(options, result.calibration),
        "versions": versions(),
    }


def recipe(options: Options) -> Card:
    """Return all that the trained weights depend on, but for data, packages and machine."""
    return {
        "epochs": options.epochs,
        "validation_split": options.validation_split,
        "seed": options.seed,
        "batch": BATCH_SIZE,
        "peak_learning_rate": PEAK_RATE,
        "weight_decay": WEIGHT_DECAY,
        "scenes": options.scenes,
        "beside_mnist": asdict(Mixture()),
        "weights": "averaged over the steps, as they were after the last one",
    }


def describe_network(net: keras.Model) -> Card:
    """Return size and interface of a network."""
    return {
        "parameters": net.count_params(),
        "multiply_adds": multiply_adds(net),
        "input": "uint8 (frames, 28, 28, 1), 0 = paper, 255 = ink",
        "output": "float32 (frames, 12): logits of 0-9, not a digit, several",
    }


def describe_calibration(options: Options, calibration: Calibration) -> Card:
    """Return the calibration set and the figures of the thresholds on it."""
    pictures = "held-out" if options.validation_split else "learned (none were held out)"
    figures = asdict(calibration)
    del figures["thresholds"]  # the worker reads them at the top of the card
    return {
        "on": f"{pictures} training pictures, half of them as they are, half photographed, "
        "scanned and drawn; beside them letters, scribbles, numbers and empty paper",
        **figures,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the result."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("keras", "tensorflow", "numpy")},
        "opencv": cv2.__version__,
    }


def summary(options: Options, result: TrainingResult) -> list[str]:
    """Return the outcome of a training in a few lines for a person."""
    lines = [str(result.test)]
    if options.validation_split:
        lines.append(f"validation accuracy: {result.history[-1].validation_accuracy:.2%}")
    return [
        *lines,
        f"whole pictures: {result.calibration}",
        f"model in {options.output}, curves in {options.plots}, {result.minutes:.1f} minutes",
    ]


def spread_over_seeds(own: Card, folders: Sequence[Path]) -> Card:
    """Sum up models of one recipe with different seeds on MNIST's test set.

    Args:
        own: the card of the model that ships.
        folders: hold the other models, each with a seed of its own.

    Returns:
        Mean and sample standard deviation of the test accuracy, 0-1, by the network alone, and
        the number of right digits for each seed.

    Raises:
        ModelError: a folder holds no whole model, or one of another recipe or the same seed.
    """
    counts = {_seed(own): _right(own)}
    for folder in folders:
        Classifier.load(folder)  # checks that model and card are whole and belong together
        card = json.loads((folder / "digits.json").read_bytes())
        if _without_seed(card) != _without_seed(own) or card["network"] != own["network"]:
            raise ModelError(f"the model in {folder} was made by another recipe")
        if _seed(card) in counts:
            raise ModelError(f"the model in {folder} has the seed {_seed(card)}, as another has")
        counts[_seed(card)] = _right(card)
    total = int(own["test"]["count"])
    shares = [right / total for right in counts.values()]
    return {
        "of": total,
        "best_digit_right": {str(seed): right for seed, right in sorted(counts.items())},
        "mean": round(mean(shares), 6),
        "standard_deviation": round(stdev(shares), 6) if len(shares) > 1 else None,
    }


def _without_seed(card: Card) -> Card:
    return {name: value for name, value in card["recipe"].items() if name != "seed"}


def _seed(card: Card) -> int:
    return int(card["recipe"]["seed"])


def _right(card: Card) -> int:
    return int(card["test"]["best_digit_right"])
