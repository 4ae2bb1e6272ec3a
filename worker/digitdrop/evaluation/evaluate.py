"""Read pictures whose digits are known, as `batch` does, but without a report.

A set is a folder of such pictures: DIR/SET/DIGIT/PICTURE.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from digitdrop import pipeline
from digitdrop.batch.sources import find_drops
from digitdrop.errors import FolderError
from digitdrop.evaluation.answers import NONE, Answers, Digits
from digitdrop.inference.classifier import Classifier
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.threads import ReaderThreads
from digitdrop.values import Drop, Limits, Verdict

_BATCH: Final = 128
_DIGITS: Final = frozenset(map(str, range(10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """A picture to be read, with its label."""

    drop: Drop
    source: Path
    """The folder on the command line."""
    set: str
    """Name of its set within the folder."""
    label: int | None
    """0-9; None for a picture that shows no single digit."""


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
    """Return the pictures in folders named 0-9, at any depth; all others are left out.

    Raises:
        FolderError: there are none.
    """
    found = [
        _item(drop, folder, parts[:-1], int(parts[-1]))
        for drop in find_drops([folder])
        if (parts := _folders(drop)) and parts[-1] in _DIGITS
    ]
    if not found:
        raise FolderError(
            f"no labelled picture in {folder}: expected them in folders named by what they "
            f"show, as in {folder / '...' / '7' / 'picture.png'}"
        )
    return found


def unlabelled(folder: Path) -> list[EvaluationItem]:
    """Return the pictures of a folder as showing no single digit; each sub-folder is a set.

    Raises:
        FolderError: there are none.
    """
    found = [_item(drop, folder, _folders(drop)[:1], None) for drop in find_drops([folder])]
    if not found:
        raise FolderError(f"no picture in {folder}")
    return found


def _folders(drop: Drop) -> tuple[str, ...]:
    return PurePosixPath(drop.name).parts[:-1]


def _item(drop: Drop, source: Path, parts: Sequence[str], label: int | None) -> EvaluationItem:
    name = "/".join(parts) or source.resolve().name
    return EvaluationItem(drop=drop, source=source, set=name, label=label)


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
        asked: the pictures.
        classifier: the network.
        limits: the limits for one picture.
        workers: number of pictures that are read at a time.
        progress: called with the number of pictures that were read since the last call.
    """
    options = PoolOptions(workers=workers, limits=limits, is_stopping=lambda: False)
    readers = ReaderThreads(options)
    try:
        for start in range(0, len(asked), _BATCH):
            batch = asked[start : start + _BATCH]
            prepared = readers.end(readers.begin([item.drop for item in batch]))
            readings = pipeline.read_batch(prepared, classifier, now=pipeline.utc_now)
            for item, reading in zip(batch, readings, strict=True):
                yield Marked(task=item, verdict=reading.verdict)
            progress(len(batch))
    finally:
        readers.close()


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
        label=_digits(each.task.label for each in marked),
        prediction=_digits(verdict.prediction for verdict in verdicts),
        confidence=np.array([verdict.confidence or 0.0 for verdict in verdicts], np.float64),
        runner_up=_digits(verdict.runner_up for verdict in verdicts),
        runner_up_confidence=np.array(
            [verdict.runner_up_confidence or 0.0 for verdict in verdicts], np.float64
        ),
        status=np.array([verdict.status.value for verdict in verdicts], np.str_),
    )


def mistakes(marked: Iterable[Marked], *, most: int) -> list[Marked]:
    """Return the worst mistakes: the most confident first, then rows without a prediction."""
    wrong = [each for each in marked if each.verdict.prediction != each.task.label]
    return sorted(wrong, key=lambda each: -(each.verdict.confidence or 0.0))[:most]


def _digits(found: Iterable[int | None]) -> Digits:
    return np.array([NONE if digit is None else digit for digit in found], np.int64)
