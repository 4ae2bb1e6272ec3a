"""Read pictures whose numbers are known, as `batch` does, but without a report.

A set is a folder of such pictures: DIR/SET/NUMBER/PICTURE, or DIR/SET/PICTURE if DIR/labels.csv
has the labels.
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
from digitdrop.evaluation.answers import NONE, Answers, Numbers
from digitdrop.evaluation.label_table import LABELS_TABLE, read_labels
from digitdrop.inference.classifier import Classifier
from digitdrop.values import DigitCount, Drop, Limits, Verdict, is_number

_BATCH: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """A picture to be read, with its label."""

    drop: Drop
    source: Path
    """The folder on the command line."""
    set: str
    """Name of its set within the folder."""
    label: str | None
    """A whole number as in the report; None for a picture that shows no single number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An item and its verdict."""

    task: EvaluationItem
    verdict: Verdict


def tasks(folder: Path, others: Iterable[Path] = ()) -> list[EvaluationItem]:
    """Return the labelled pictures of a folder, and all pictures of other folders.

    Raises:
        FolderError: one of the folders has no such picture.
    """
    return [*labelled(folder), *(item for other in others for item in unlabelled(other))]


def labelled(folder: Path) -> list[EvaluationItem]:
    """Return the pictures in `labels.csv`, or without that file those in folders named by number.

    Such folders count at any depth; all other files are left out.

    Raises:
        FolderError: there are none, or the table cannot be used.
    """
    table = folder / LABELS_TABLE
    if table.exists():
        labels = read_labels(table).items()
        drops = [(Drop(id=None, path=folder / file, name=file), label) for file, label in labels]
        found = [_item(drop, folder, _folders(drop), label) for drop, label in drops]
    else:
        found = [
            _item(drop, folder, parts[:-1], parts[-1])
            for drop in find_drops([folder])
            if (parts := _folders(drop)) and is_number(parts[-1])
        ]
    if not found:
        raise FolderError(
            f"no labelled picture in {folder}: expected them in folders named by what they "
            f"show, as in {folder / '...' / '7' / 'picture.png'}, or in a table {table}"
        )
    return found


def unlabelled(folder: Path) -> list[EvaluationItem]:
    """Return the pictures of a folder as showing no single number; each sub-folder is a set.

    Raises:
        FolderError: there are none.
    """
    found = [_item(drop, folder, _folders(drop)[:1], None) for drop in find_drops([folder])]
    if not found:
        raise FolderError(f"no picture in {folder}")
    return found


def _folders(drop: Drop) -> tuple[str, ...]:
    return PurePosixPath(drop.name).parts[:-1]


def _item(drop: Drop, source: Path, parts: Sequence[str], label: str | None) -> EvaluationItem:
    name = "/".join(parts) or source.resolve().name
    return EvaluationItem(drop=drop, source=source, set=name, label=label)


def mark(
    asked: Sequence[EvaluationItem],
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Marked]:
    """Read pictures, each by itself, and yield them in their order.

    Args:
        asked: the pictures.
        classifier: the network.
        limits: the limits for one picture.
        digits: the accepted numbers of digits.
        workers: number of pictures that are read at a time.
        progress: called with the number of pictures that were read since the last call.
    """
    cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
    prepare = partial(pipeline.prepare, limits=limits)
    with ThreadPoolExecutor(workers) as threads:
        for start in range(0, len(asked), _BATCH):
            batch = asked[start : start + _BATCH]
            prepared = list(threads.map(prepare, [item.drop for item in batch]))
            readings = pipeline.read_batch(
                prepared, classifier, digits=digits, now=pipeline.utc_now
            )
            for item, reading in zip(batch, readings, strict=True):
                yield Marked(task=item, verdict=reading.verdict)
            progress(len(batch))


def by_set(marked: Iterable[Marked]) -> dict[str, list[Marked]]:
    """Return the items of each set, the sets in order of name."""
    sets: dict[str, list[Marked]] = {}
    for each in marked:
        sets.setdefault(each.task.set, []).append(each)
    return dict(sorted(sets.items()))


def answer_columns(marked: Sequence[Marked]) -> Answers:
    """Return the verdicts and labels as columns."""
    verdicts = [each.verdict for each in marked]
    return Answers(
        label=_numbers(each.task.label for each in marked),
        prediction=_numbers(verdict.prediction for verdict in verdicts),
        confidence=np.array([verdict.confidence or 0.0 for verdict in verdicts], np.float64),
        runner_up=_numbers(verdict.runner_up for verdict in verdicts),
        runner_up_confidence=np.array(
            [verdict.runner_up_confidence or 0.0 for verdict in verdicts], np.float64
        ),
        status=np.array([verdict.status.value for verdict in verdicts], np.str_),
    )


def mistakes(marked: Iterable[Marked], *, most: int) -> list[Marked]:
    """Return the worst mistakes: the most confident first, then rows without a prediction."""
    wrong = [each for each in marked if each.verdict.prediction != each.task.label]
    return sorted(wrong, key=lambda each: -(each.verdict.confidence or 0.0))[:most]


def _numbers(found: Iterable[str | None]) -> Numbers:
    return np.array([number or NONE for number in found], np.str_)
