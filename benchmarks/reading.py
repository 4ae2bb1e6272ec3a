"""Read pictures in the worker's own way, and keep the answers in columns."""

import tempfile
import zlib
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from digitdrop.evaluation.answers import Answers
from digitdrop.evaluation.evaluate import Marked, Task, answers, by_set, mark
from digitdrop.inference.classifier import Classifier
from digitdrop.values import ANY_COUNT, Drop, Limits

BySet = dict[str, Answers]
Source = Callable[[Path, Classifier, int], BySet]
"""Reads some pictures; takes the folder of the data, the network, and how many pictures
of MNIST to use."""

SEED = 3
_CHUNK = 256


def pool(parts: Iterable[Answers]) -> Answers:
    """Put the rows of several sets together."""
    found = list(parts)
    return Answers(
        label=np.concatenate([one.label for one in found]),
        prediction=np.concatenate([one.prediction for one in found]),
        confidence=np.concatenate([one.confidence for one in found]),
        runner_up=np.concatenate([one.runner_up for one in found]),
        runner_up_confidence=np.concatenate([one.runner_up_confidence for one in found]),
        status=np.concatenate([one.status for one in found]),
    )


def read(found: list[Task], classifier: Classifier) -> BySet:
    """Read files; answers by set."""
    sets = by_set(marked(found, classifier))
    return {name: answers(part) for name, part in sets.items()}


def marked(found: list[Task], classifier: Classifier) -> list[Marked]:
    """Read files, in their order."""
    return list(mark(found, classifier, limits=Limits(), digits=ANY_COUNT, workers=1))


def written(made: Iterable[tuple[bytes, str | None, str]], classifier: Classifier) -> BySet:
    """Read pictures that are made on the way, from files that live only so long."""
    done: list[Marked] = []
    rest = iter(made)
    while True:
        with tempfile.TemporaryDirectory() as name:
            folder, found = Path(name), []
            for number, (content, label, group) in enumerate(islice(rest, _CHUNK)):
                path = folder / str(number)
                path.write_bytes(content)
                drop = Drop(id="", path=path, name=path.name)
                found.append(Task(drop=drop, source=folder, set=group, label=label))
            if not found:
                break
            done += marked(found, classifier)
    return {name: answers(part) for name, part in by_set(done).items()}


def chance_for(name: str) -> np.random.Generator:
    """Give each kind of picture its own chance, the same in every run."""
    return np.random.default_rng((SEED, zlib.crc32(name.encode())))
