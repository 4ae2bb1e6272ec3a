"""Other people's pictures: digits, digits in another dress, letters, numbers."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import ancestor
from benchmarks.reading import BySet, marked, pool, read, written
from benchmarks.variants import (
    LARGE_ONLY,
    VARIANTS,
    Original,
    is_light_on_dark,
    is_tall,
    unchanged,
)
from digitdrop.evaluation.answers import NONE, Answers, Numbers
from digitdrop.evaluation.evaluate import answers, labelled, unlabelled
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Status


def digits(data: Path, classifier: Classifier, _: int) -> BySet:
    """Read the wild digits as they are."""
    return _pooled(read(labelled(data / "wild" / "digits"), classifier))


def variant(name: str, data: Path, classifier: Classifier, _: int) -> BySet:
    """Read the handwritten wild digits in another dress."""
    make = VARIANTS.get(name, unchanged)

    def dressed() -> Iterator[tuple[bytes, str, str]]:
        for task in labelled(data / "wild" / "digits"):
            if is_handwriting(group := _group(task.set)) and task.label is not None:
                plain = Original(task.drop.path, light_on_dark=False)
                if name not in LARGE_ONLY or is_tall(plain.grey):
                    light = is_light_on_dark(group, plain.grey)
                    yield make(Original(plain.path, light)), task.label, group

    return written(dressed(), classifier)


def letters(data: Path, classifier: Classifier, _: int) -> BySet:
    """Read the wild pictures that are no digits, look-alikes apart."""
    folder = data / "wild" / "nondigits"
    alike = set(next(folder.glob("*/lookalike.txt")).read_text().split())
    found = unlabelled(folder)
    fair = [task for task in found if not alike & set(task.drop.path.parts)]
    unfair = [task for task in found if alike & set(task.drop.path.parts)]
    return read(fair, classifier) | {"look-alikes": answers(marked(unfair, classifier))}


def strings(data: Path, classifier: Classifier, _: int) -> BySet:
    """Read the wild pictures of several digits."""
    folder = data / "wild" / "strings"
    several = {
        (labels.parent / row["file"])
        for labels in folder.glob("*/labels.csv")
        for row in csv.DictReader(labels.open(newline=""))
        if len(row["label"]) > 1
    }
    found = unlabelled(folder)
    return read([task for task in found if task.drop.path in several], classifier)


def ancestors_way(data: Path, classifier: Classifier, _: int) -> BySet:
    """Read the wild digits as most tutorials do; sets named by the way and the group."""
    found = labelled(data / "wild" / "digits")
    frames = [ancestor.frame(task.drop.path) for task in found]
    inverted = [ancestor.inverted_when_light(frame) for frame in frames]
    groups = np.array([_group(task.set) for task in found])
    labels = np.array([task.label for task in found])
    return {
        f"{way}/{group}": _guesses(labels[groups == group], said[groups == group].astype(str))
        for way, said in (
            ("resize", ancestor.predictions(frames, classifier)),
            ("inverted", ancestor.predictions(inverted, classifier)),
        )
        for group in sorted(set(groups))
    }


def is_handwriting(group: str) -> bool:
    """Say whether a group counts: printed digits are only a stress test."""
    return not group.startswith("printed")


def _group(name: str) -> str:
    """Pool the people with few pictures each."""
    return "own" if name.startswith("own-") else name


def _pooled(sets: BySet) -> BySet:
    groups: dict[str, list[Answers]] = {}
    for name, found in sets.items():
        groups.setdefault(_group(name), []).append(found)
    return {name: pool(found) for name, found in groups.items()}


def _guesses(labels: Numbers, said: Numbers) -> Answers:
    return Answers(
        label=labels,
        prediction=said,
        confidence=np.ones(len(said)),
        runner_up=np.full(len(said), NONE),
        runner_up_confidence=np.zeros(len(said)),
        status=np.full(len(said), Status.OK.value),
    )
