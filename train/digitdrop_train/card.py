"""The model's card: how it was made and how good it is, for people and for the worker."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import cv2
import keras

from digitdrop_train import network
from digitdrop_train.calibration.calibrate import Calibration
from digitdrop_train.calibration.evaluate import Figures
from digitdrop_train.fit import BATCH, PEAK, WEIGHT_DECAY, Epoch
from digitdrop_train.options import Options
from digitdrop_train.publish import Parity
from digitdrop_train.synthesis.batches import Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a training has come to."""

    history: Sequence[Epoch]
    """The epochs that were finished, at least one."""
    parity: Parity
    calibration: Calibration
    tested: Figures
    """On MNIST's test set, by the exported network."""
    minutes: float


def card(options: Options, net: keras.Model, made: Made) -> dict[str, object]:
    """Describe a training; `publish` adds the thresholds and the SHA-256."""
    last = made.history[-1]
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "minutes": round(made.minutes, 1),
        "command": str(options),
        "data": "MNIST (LeCun, Cortes, Burges); drawn and composed pictures by train/",
        "recipe": {
            "epochs": options.epochs,
            "epochs_done": len(made.history),
            "validation_split": options.validation_split,
            "seed": options.seed,
            "batch": BATCH,
            "peak_learning_rate": PEAK,
            "weight_decay": WEIGHT_DECAY,
            "scenes": options.scenes,
            "beside_mnist": asdict(Shares()),
            "weights": "averaged over the steps, as they were after the last one",
        },
        "network": {
            "parameters": net.count_params(),
            "multiply_adds": network.multiply_adds(net),
            "input": "uint8 (frames, 28, 28, 1), 0 = paper, 255 = ink",
            "output": "float32 (frames, 12): logits of 0-9, not a digit, several",
        },
        "test": asdict(made.tested),
        "validation": {
            "on": f"the last {options.validation_split:.0%} of MNIST's training pictures",
            "accuracy": last.validation_accuracy,
            "loss": last.validation_loss,
        }
        if options.validation_split
        else None,
        "parity": asdict(made.parity),
        "calibration": calibrated(options, made.calibration),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("keras", "tensorflow", "numpy")},
            "opencv": cv2.__version__,
        },
    }


def calibrated(options: Options, chosen: Calibration) -> dict[str, object]:
    """Describe what the thresholds were chosen on, and what they do there."""
    pictures = "held-out" if options.validation_split else "learned (none were held out)"
    figures = asdict(chosen)
    del figures["thresholds"]  # the worker reads them at the top of the card
    return {
        "on": f"{pictures} training pictures, half of them as they are, half photographed, "
        "scanned and drawn; beside them letters, scribbles, numbers and empty paper",
        **figures,
    }


def summary(options: Options, made: Made) -> list[str]:
    """Say in a few lines what came out."""
    tested = made.tested
    lines = [str(tested)]
    if options.validation_split:
        lines.append(f"validation accuracy: {made.history[-1].validation_accuracy:.2%}")
    return [
        *lines,
        f"whole pictures: {made.calibration}",
        f"model in {options.output}, curves in {options.plots}, {made.minutes:.1f} minutes",
    ]
