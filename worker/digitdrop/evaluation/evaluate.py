"""Measure how well pictures are read whose numbers are known.

They take the same way as in the service and in `batch`; only that nothing is
recorded. A set is a folder of such pictures: DIR/SET/NUMBER/PICTURE, or, where
DIR/labels.csv says what they show, DIR/SET/PICTURE.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from digitdrop import pipeline
from digitdrop.batch.sources import drops
from digitdrop.errors import FolderError
from digitdrop.evaluation.answers import NONE, Answers, Numbers
from digitdrop.evaluation.label_table import LABELS, read_labels
from digitdrop.inference.classifier import Classifier
from digitdrop.pool.settings import Terms
from digitdrop.pool.threads import Readers
from digitdrop.values import DigitCount, Drop, Limits, Verdict, is_number

_TURN: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A picture to be read, and what is known of it."""

    drop: Drop
    source: Path
    """The folder that was named."""
    set: str
    """Names the pictures of that folder that it is counted with."""
    label: str | None
    """A whole number, as `Verdict.prediction`; None for a picture that shows none, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A task and what came of it."""

    task: Task
    verdict: Verdict


def tasks(folder: Path, others: Iterable[Path] = ()) -> list[Task]:
    """Find what to read: pictures with labels, and folders of pictures without.

    Raises:
        FolderError: one of the folders has no such picture.
    """
    return [*labelled(folder), *(task for other in others for task in unlabelled(other))]


def labelled(folder: Path) -> list[Task]:
    """Find the pictures that `labels.csv` names, else those in folders named by a number.

    Such folders count at any depth; what lies elsewhere is passed over.

    Raises:
        FolderError: there are none, or the table cannot be used.
    """
    table = folder / LABELS
    found = _by_table(folder, read_labels(table)) if table.exists() else _by_folder(folder)
    if not found:
        raise FolderError(
            f"no labelled picture in {folder}: expected them in folders named by what they "
            f"show, as in {folder / '...' / '7' / 'picture.png'}, or in a table {table}"
        )
    return found


def _by_table(folder: Path, labels: Mapping[str, str]) -> list[Task]:
    return [
        Task(
            drop=Drop(id=None, path=folder / file, name=file),
            source=folder,
            set=_set(folder, PurePosixPath(file).parts[:-1]),
            label=label,
        )
        for file, label in labels.items()
    ]


def _by_folder(folder: Path) -> list[Task]:
    return [
        Task(drop=drop, source=folder, set=_set(folder, above), label=number)
        for drop in drops([folder])
        for *above, number in [PurePosixPath(drop.name).parts[:-1] or ("",)]
        if is_number(number)
    ]


def unlabelled(folder: Path) -> list[Task]:
    """Find pictures that show no single number; each folder right below is a set.

    Raises:
        FolderError: there are none.
    """
    found = [
        Task(drop=drop, source=folder, set=_set(folder, drop.name.split("/")[:-1][:1]), label=None)
        for drop in drops([folder])
    ]
    if not found:
        raise FolderError(f"no picture in {folder}")
    return found


def mark(
    asked: Sequence[Task],
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Marked]:
    """Read pictures, each by itself, and yield them in their order.

    Args:
        asked: what to read.
        classifier: the network.
        limits: what one picture may cost.
        digits: how many digits a number may have.
        workers: pictures at a time.
        progress: told how many more pictures are done.
    """
    terms = Terms(workers=workers, limits=limits, digits=digits, is_stopping=lambda: False)
    readers = Readers(terms)
    try:
        for start in range(0, len(asked), _TURN):
            turn = asked[start : start + _TURN]
            seen = readers.end(readers.begin([task.drop for task in turn]))
            readings = pipeline.read(seen, classifier, digits=digits, now=pipeline.utc_now)
            for task, reading in zip(turn, readings, strict=True):
                yield Marked(task=task, verdict=reading.verdict)
            progress(len(turn))
    finally:
        readers.close()


def by_set(marked: Iterable[Marked]) -> dict[str, list[Marked]]:
    """Sort what was read into its sets, in order of name."""
    sets: dict[str, list[Marked]] = {}
    for one in marked:
        sets.setdefault(one.task.set, []).append(one)
    return dict(sorted(sets.items()))


def answers(marked: Sequence[Marked]) -> Answers:
    """Put what was read into columns."""
    verdicts = [one.verdict for one in marked]
    return Answers(
        label=_numbers(one.task.label for one in marked),
        prediction=_numbers(verdict.prediction for verdict in verdicts),
        confidence=np.array([verdict.confidence or 0.0 for verdict in verdicts], np.float64),
        runner_up=_numbers(verdict.runner_up for verdict in verdicts),
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


def _numbers(found: Iterable[str | None]) -> Numbers:
    return np.array([number or NONE for number in found], np.str_)
