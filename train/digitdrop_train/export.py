"""The exported network: convert to LiteRT, check against Keras, score, and put in place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from digitdrop.errors import ModelError
from digitdrop.inference.augmentation import classify_pictures
from digitdrop.inference.classifier import Classifier
from digitdrop.system.cores import cores
from digitdrop.values import NumberThresholds, Thresholds
from digitdrop_train.calibration.evaluate import DigitScores, score_digits, softmax
from digitdrop_train.data import Dataset, Frames
from digitdrop_train.network import logits

UNCALIBRATED = Thresholds(temperature=1.0, ok=0.5, not_a_digit=0.5, several=0.5)
TOLERANCE = 1e-4
"""Largest difference of a probability between LiteRT and Keras."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Agreement of the exported network with the trained network."""

    frames: int
    different_answers: int
    largest_difference: float
    """Of one probability."""


def export_network(network: keras.Model) -> bytes:
    """Return the network as a LiteRT model: float32, any number of frames at a time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        network.export(path, format="litert", verbose=False)
        return path.read_bytes()


def load_exported(model: bytes, thresholds: Thresholds = UNCALIBRATED) -> Classifier:
    """Load an exported network as the worker does, with a thread for each core."""
    return Classifier(model, name="digits", thresholds=thresholds, threads=cores())


def check_parity(model: bytes, network: keras.Model, frames: Frames) -> Parity:
    """Compare the answers of LiteRT, in the worker's own runtime, with those of Keras.

    Raises:
        ModelError: they differ, so the export must not be used.
    """
    exported = load_exported(model).probabilities(list(frames))
    trained = softmax(logits(network, frames))
    parity = Parity(
        frames=len(frames),
        different_answers=int((exported.argmax(axis=1) != trained.argmax(axis=1)).sum()),
        largest_difference=float(np.abs(exported - trained).max(initial=0.0)),
    )
    if parity.different_answers or parity.largest_difference >= TOLERANCE:
        raise ModelError(
            f"the exported network differs from the trained one: {parity.different_answers} "
            f"of {parity.frames} answers, by up to {parity.largest_difference:.1g}; nothing was "
            "replaced"
        )
    return parity


def score_exported(model: bytes, thresholds: Thresholds, digits: Dataset) -> DigitScores:
    """Score an exported network on MNIST's test set, by itself and as the worker answers."""
    classifier = load_exported(model, thresholds)
    plain = classifier.probabilities(list(digits.frames))
    posterior = np.concatenate(classify_pictures([[frame] for frame in digits.frames], classifier))
    return score_digits(plain, posterior, digits.labels, thresholds)


def write_model(
    model: bytes,
    thresholds: Thresholds | NumberThresholds,
    card: Mapping[str, object],
    folder: Path,
    *,
    stem: str = "digits",
) -> None:
    """Put `STEM.tflite` and its card `STEM.json` in place.

    Both are complete on disk before the first rename.

    A crash between the two renames leaves a pair whose SHA-256 differ. The worker refuses it
    with a clear message, and never reads with the wrong thresholds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "bytes": len(model),
        "thresholds": asdict(thresholds),
        **card,
    }
    text = json.dumps(described, indent=2) + "\n"
    with TemporaryDirectory(dir=folder, prefix=f".{stem}-") as aside:
        named = {f"{stem}.tflite": model, f"{stem}.json": text.encode()}
        for name, content in named.items():
            _write(Path(aside) / name, content)
        for name in named:
            (Path(aside) / name).replace(folder / name)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
