"""Hand the network over to the worker: export, check it against Keras, put it in place."""

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
from digitdrop.inference.augmentation import answers
from digitdrop.inference.classifier import Classifier
from digitdrop.system.cores import cores
from digitdrop.values import Thresholds
from digitdrop_train.calibration.evaluate import Figures, figures, softmax
from digitdrop_train.data import Digits, Frames
from digitdrop_train.fit import logits

NEUTRAL = Thresholds(temperature=1.0, ok=0.5, not_a_digit=0.5, several=0.5)
"""Before calibration."""
TOLERANCE = 1e-4
"""The largest difference of a probability between LiteRT and Keras."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far the exported network agrees with the trained one."""

    frames: int
    different_answers: int
    largest_difference: float
    """Of one probability."""


def export(network: keras.Model) -> bytes:
    """Return the network as a LiteRT model: float32, any number of frames at a time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "digits.tflite"
        network.export(path, format="litert", verbose=False)
        return path.read_bytes()


def classifier(model: bytes, thresholds: Thresholds = NEUTRAL) -> Classifier:
    """Load an exported network as the worker does, on as many cores as there are."""
    return Classifier(model, name="digits", thresholds=thresholds, threads=cores())


def check(model: bytes, network: keras.Model, frames: Frames) -> Parity:
    """Compare LiteRT with Keras; that the worker's runtime loads it is part of the check.

    Raises:
        ModelError: they do not agree, so the export must not be used.
    """
    exported = classifier(model).probabilities(list(frames))
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


def test(model: bytes, thresholds: Thresholds, digits: Digits) -> Figures:
    """Measure the exported network on MNIST's test set, at first sight and as the worker does."""
    network = classifier(model, thresholds)
    first = network.probabilities(list(digits.frames))
    said = np.concatenate(answers([[frame] for frame in digits.frames], network))
    return figures(first, said, digits.labels, thresholds)


def publish(
    model: bytes, thresholds: Thresholds, card: Mapping[str, object], folder: Path
) -> None:
    """Put the model and its card in place; both are complete on disk before the first rename.

    A crash between the two renames leaves a pair whose SHA-256 disagree, which the
    worker refuses by name; it never reads with the wrong thresholds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "bytes": len(model),
        "thresholds": asdict(thresholds),
        **card,
    }
    text = json.dumps(described, indent=2) + "\n"
    with TemporaryDirectory(dir=folder, prefix=".digits-") as aside:
        for name, content in (("digits.tflite", model), ("digits.json", text.encode())):
            _write(Path(aside) / name, content)
        for name in ("digits.tflite", "digits.json"):
            (Path(aside) / name).replace(folder / name)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
