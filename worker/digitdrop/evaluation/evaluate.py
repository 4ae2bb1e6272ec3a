"""Measure how well pictures are read whose digits are known.

They take the same way as in the service and in `batch`; only that nothing is
recorded. A set is a folder of such pictures: DIR/SET/DIGIT/PICTURE.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import cv2
import numpy as np

from digitdrop import pipeline
from digitdrop.batch.sources import find_drops
from digitdrop.errors import FolderError
from digitdrop.evaluation.answers import NONE, Answers, Digits
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Drop, Limits, Verdict

_DIGITS: Final = frozenset(map(str, range(10)))
_TURN: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """A picture to be read, and what is known of it."""

    drop: Drop
    source: Path
    """The folder that was named."""
    set: str
    """Names the pictures of that folder that it is counted with."""
    label: int | None
    """0-9; None for a picture that shows no single digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A task and what came of it."""

    task: EvaluationItem
    verdict: Verdict


def tasks(folder: Path, others: Iterable[Path] = ()) -> list[EvaluationItem]:
    """Find what to read: pictures with labels, and folders of pictures without.

    Raises:
        FolderError: one of the folders has no such picture.
    """
    return [*labelled(folder), *(task for other in others for task in unlabelled(other))]


def labelled(folder: Path) -> list[EvaluationItem]:
    """Find pictures in folders named 0-9, at any depth; what lies elsewhere is passed over.

    Raises:
        FolderError: there are none.
    """
    found = [
        EvaluationItem(drop=drop, source=folder, set=_set(folder, above), label=int(digit))
        for drop in find_drops([folder])
        for *above, digit in [PurePosixPath(drop.name).parts[:-1] or ("",)]
        if digit in _DIGITS
    ]
    if not found:
        raise FolderError(
            f"no labelled picture in {folder}: expected them in folders named by what they "
            f"show, as in {folder / '...' / '7' / 'picture.png'}"
        )
    return found


def unlabelled(folder: Path) -> list[EvaluationItem]:
    """Find pictures that show no single digit; each folder right below is a set.

    Raises:
        FolderError: there are none.
    """
    found = [
        EvaluationItem(
            drop=drop, source=folder, set=_set(folder, drop.name.split("/")[:-1][:1]), label=None
        )
        for drop in find_drops([folder])
    ]
    if not found:
        raise FolderError(f"no picture in {folder}")
    return found


def mark(
    asked: Sequence[EvaluationItem],
    classifier: Classifier,
    *,
    limits: Limits,
    workers: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Marked]:
    """Read pictures, each by itself, and yield them in their order.

    Args:
        asked: what to read.
        classifier: the network.
        limits: what one picture may cost.
        workers: pictures at a time.
        progress: told how many more pictures are done.
    """
    cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
    with ThreadPoolExecutor(workers) as threads:
        for start in range(0, len(asked), _TURN):
            turn = asked[start : start + _TURN]
            drops = [task.drop for task in turn]
            seen = list(threads.map(partial(pipeline.prepare, limits=limits), drops))
            readings = pipeline.read_batch(seen, classifier, now=pipeline.utc_now)
            for task, reading in zip(turn, readings, strict=True):
                yield Marked(task=task, verdict=reading.verdict)
            progress(len(turn))


def by_set(marked: Iterable[Marked]) -> dict[str, list[Marked]]:
    """Sort what was read into its sets, in order of name."""
    sets: dict[str, list[Marked]] = {}
    for one in marked:
        sets.setdefault(one.task.set, []).append(one)
    return dict(sorted(sets.items()))


def answer_columns(marked: Sequence[Marked]) -> Answers:
    """Put what was read into columns."""
    verdicts = [one.verdict for one in marked]
    return Answers(
        label=_digits(one.task.label for one in marked),
        prediction=_digits(verdict.prediction for verdict in verdicts),
        confidence=np.array([verdict.confidence or 0.0 for verdict in verdicts], np.float64),
        runner_up=_digits(verdict.runner_up for verdict in verdicts),
        runner_up_confidence=np.array(
            [verdict.runner_up_confidence or 0.0 for verdict in verdicts], np.float64
        ),
        status=np.array([verdict.status.value for verdict in verdicts], np.str_),
    )


def mistakes(marked: Iterable[Marked], *, most: int) -> list[Marked]:
    """Pick the worst: wrong ones, the most confident first, then those without an answer."""
    wrong = [one for one in marked if one.verdict.prediction != one.task.label]
    return sorted(wrong, key=lambda one: -(one.verdict.confidence or 0.0))[:most]


def _set(folder: Path, parts: Sequence[str]) -> str:
    return "/".join(parts) or folder.resolve().name


def _digits(found: Iterable[int | None]) -> Digits:
    return np.array([NONE if digit is None else digit for digit in found], np.int64)
