"""Pictures made here: MNIST's test set as files, on paper, corrupted, and pictures of nothing."""

import csv
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.corruptions import FAMILIES
from benchmarks.emptiness import empty_pictures
from benchmarks.papers import photographed
from benchmarks.reading import BySet, chance_for, written
from digitdrop.batch.batch import run_batch
from digitdrop.evaluation.answers import NONE, Answers
from digitdrop.inference.classifier import Classifier
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import ANY_COUNT, Limits, Status
from digitdrop_train.data import Dataset, load_mnist

EMPTY = 250
"""Random empty pictures of each kind."""
PHOTOS = 1000
"""Digits written on each kind of paper, at most."""

_Picture = npt.NDArray[np.uint8]


def _large(frame: _Picture) -> _Picture:
    return cv2.resize(frame, (280, 280), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


WAYS: dict[str, Callable[[_Picture], _Picture]] = {
    "28x28": lambda frame: frame,
    "280x280": _large,
    "28x28, inverted": lambda frame: ~frame,
    "280x280, inverted": lambda frame: ~_large(frame),
}
"""How MNIST's frames are written."""


def mnist_direct(data: Path, classifier: Classifier, count: int) -> BySet:
    """Classify MNIST's test frames without the worker: the most probable of the 12 classes."""
    test = test_digits(data)[:count]
    probabilities = classifier.probabilities(list(test.frames))
    said = probabilities.argmax(axis=1)
    is_digit = said < 10
    return {
        "direct": Answers(
            label=test.labels.astype(str),
            prediction=np.where(is_digit, said.astype(str), NONE),
            confidence=np.where(is_digit, probabilities.max(axis=1), 0).astype(np.float64),
            runner_up=np.full(len(test), NONE),
            runner_up_confidence=np.zeros(len(test)),
            status=np.where(is_digit, Status.OK.value, Status.NOT_A_DIGIT.value),
        )
    }


def mnist_by_batch(way: str, data: Path, classifier: Classifier, count: int) -> BySet:
    """Write MNIST's test set as PNGs, read them through `run_batch`, and take the report."""
    test = test_digits(data)[:count]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "test"
        folder.mkdir()
        for number, frame in enumerate(test.frames):
            cv2.imwrite(str(folder / f"{number:05}.png"), WAYS[way](frame))
        report = Path(name) / "report.csv"
        run_batch(
            [folder],
            report,
            classifier,
            limits=Limits(),
            digits=ANY_COUNT,
            workers=1,
            shutdown=Shutdown(),
            progress=lambda _: None,
        )
        with report.open(newline="", encoding="utf-8") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
    return {way: _columns(test.labels, rows)}


def corruption(family: str, data: Path, classifier: Classifier, count: int) -> BySet:
    """Read MNIST's test set after one corruption."""
    test = test_digits(data)[:count]
    spoiled = FAMILIES[family].make(test.frames, chance_for(family))
    made = zip(map(_png, spoiled), map(str, test.labels), (family for _ in spoiled), strict=True)
    return written(made, classifier)


def on_paper(kind: str, data: Path, classifier: Classifier, count: int) -> BySet:
    """Read MNIST's first test pictures, written on paper and photographed."""
    test = test_digits(data)[: min(count, PHOTOS)]
    made = photographed(test.frames, kind, chance_for(kind))
    return written(
        zip(map(_png, made), map(str, test.labels), (kind for _ in test.labels), strict=True),
        classifier,
    )


def empty(kind: str, _data: Path, classifier: Classifier, _: int) -> BySet:
    """Read random pictures of nothing."""
    made = empty_pictures(kind, EMPTY, chance_for(kind))
    return written(((_png(picture), None, kind) for picture in made), classifier)


def _columns(labels: npt.NDArray[np.uint8], rows: list[dict[str, str]]) -> Answers:
    return Answers(
        label=labels.astype(str),
        prediction=np.array([row["prediction"] for row in rows]),
        confidence=np.array([float(row["confidence"] or 0) for row in rows]),
        runner_up=np.array([row["runner_up"] for row in rows]),
        runner_up_confidence=np.array([float(row["runner_up_confidence"] or 0) for row in rows]),
        status=np.array([row["status"] for row in rows]),
    )


@cache
def test_digits(data: Path) -> Dataset:
    """Return MNIST's test digits."""
    return load_mnist(data / "mnist")[1]


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
