"""Measure whole numbers: python -m benchmarks.whole_numbers --data DIR.

Reads `wild/strings` of DIR, and numbers of MNIST's test digits that are written on the papers of
`benchmarks.papers`, in boxes, and beside marks that make them no whole numbers: by none of the
code that the network has learned from.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
import typer

from benchmarks.made import test_digits
from benchmarks.papers import KINDS, photographed
from benchmarks.reading import chance_for, marked, written
from digitdrop.cli.options import MODEL
from digitdrop.evaluation.answers import NONE, Answers
from digitdrop.evaluation.calibration import bins, calibration_error
from digitdrop.evaluation.evaluate import EvaluationItem, answer_columns
from digitdrop.inference.alphabet import DASH, POINT, SLASH, whole_number
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Drop, Status
from digitdrop_train.data import Dataset

Chance = np.random.Generator
Row = npt.NDArray[np.uint8]
"""Shape (28, width): digits side by side, 255 = ink."""
Make = Callable[[Dataset, Chance], tuple[str, Row]]
"""Writes a row of digits; gives the whole number that it shows, or nothing, and the row."""

PART = 60
"""Numbers of each paper and length."""
AUDITED = {
    "a_car_000285": "89800",
    "a_car_000768": "17146",
    "a_car_000817": "1119",
    "a_car_000819": "671",
    "a_car_000977": "19620",
    "a_car_000991": "4759",
    "a_car_001167": "109",
    "a_car_001192": "198",
    "a_car_001198": "1895",
}
"""Amounts whose labels are plainly wrong, by the beginning of their names, and what they show."""


def main(
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="mnist/ and wild/.")],
    model: Annotated[Path, typer.Option(help="Folder of the model.")] = MODEL,
    part: Annotated[int, typer.Option(help="Numbers of each paper and length.")] = PART,
) -> None:
    """Measure, and print Markdown."""
    cv2.setNumThreads(1)
    classifier = Classifier.load(model)
    typer.echo("| on | exact | ok | wrong among ok | calibration error |")
    typer.echo("| --- | ---: | ---: | ---: | ---: |")
    for name, found in _all(data, classifier, part):
        typer.echo(_line(name, found))


def _all(data: Path, classifier: Classifier, part: int) -> Iterator[tuple[str, Answers]]:
    strings = data / "wild" / "strings"
    for folder in sorted(path.parent for path in strings.glob("*/labels.csv")):
        found = list(_labelled(folder))
        read = answer_columns(marked([task for task, _ in found], classifier))
        yield folder.name, read
        audited = np.array([label or NONE for _, label in found])
        if (audited != read.label).any():
            yield f"{folder.name}, labels audited", replace(read, label=audited)
    digits = test_digits(data)
    for lengths in (range(2, 5), range(5, 9)):
        for kind in KINDS:
            name = f"{lengths[0]}-{lengths[-1]} digits, {kind}"
            made = _numbers(digits, kind, lengths, part, chance_for(name))
            yield name, written(made, classifier)[kind]
    for name in ROWS:
        yield name, written(_made(digits, name, part * 3, chance_for(name)), classifier)[name]


def _labelled(folder: Path) -> Iterator[tuple[EvaluationItem, str | None]]:
    """Yield the pictures of a set, and their labels as they should be.

    A label that is no whole number counts as none.
    """
    with (folder / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if (folder / row["file"]).exists()]
    for row in rows:
        path, label = folder / row["file"], _whole(row["label"])
        drop = Drop(id="", path=path, name=row["file"])
        task = EvaluationItem(drop=drop, source=folder, set=folder.name, label=label)
        yield task, AUDITED.get(path.name[:12], label)


def _whole(label: str) -> str | None:
    known = {**{str(digit): digit for digit in range(10)}, ".": POINT, "-": DASH, "/": SLASH}
    if not set(label) <= set(known):
        return None
    return whole_number(tuple(known[sign] for sign in label))


def _line(name: str, found: Answers) -> str:
    shown = found.where(found.label != NONE)
    ok = found.where(found.status == Status.OK)
    exact = f"{shown.right.sum()} of {len(shown)} ({_share(shown.right.sum(), len(shown))})"
    wrong = f"{len(ok) - ok.right.sum()} of {len(ok)}"
    read = shown.where(shown.predicted)
    error = f"{calibration_error(bins(read.confidence, read.right)):.3f}" if len(read) else ""
    return f"| {name} | {exact} | {_share(len(ok), len(found))} | {wrong} | {error} |"


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else "none"


def _numbers(
    digits: Dataset, kind: str, lengths: Sequence[int], part: int, chance: Chance
) -> Iterator[tuple[bytes, str, str]]:
    labels, rows = [], []
    for length in lengths:
        for _ in range(part):
            label, row = plain(digits, length, chance)
            labels.append(label)
            rows.append(row)
    for label, picture in zip(labels, photographed(rows, kind, chance), strict=True):
        yield _png(picture), label, kind


def _made(
    digits: Dataset, name: str, count: int, chance: Chance
) -> Iterator[tuple[bytes, str | None, str]]:
    make = ROWS[name]
    made = [make(digits, chance) for _ in range(count)]
    pictures = photographed([row for _, row in made], "plain paper", chance)
    for (label, _), picture in zip(made, pictures, strict=True):
        yield _png(picture), label or None, name


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def plain(digits: Dataset, length: int, chance: Chance) -> tuple[str, Row]:
    """Write a number of MNIST's digits, some of which touch."""
    chosen = digits[chance.integers(len(digits), size=length)]
    pieces = [_cropped(frame) for frame in chosen.frames]
    return "".join(map(str, chosen.labels.tolist())), _beside(pieces, chance)


def boxed(digits: Dataset, chance: Chance) -> tuple[str, Row]:
    """Write one digit a box, 3 to 8 boxes, drawn in ink."""
    return _in_boxes(digits, chance, strength=255)


def printed_boxes(digits: Dataset, chance: Chance) -> tuple[str, Row]:
    """Write one digit a box, whose print is paler than the ink."""
    return _in_boxes(digits, chance, strength=int(chance.integers(110, 170)))


def decimal(digits: Dataset, chance: Chance) -> tuple[str, Row]:
    """Write a number with a decimal point and one or two digits behind it."""
    return _marked(digits, chance, _dot(), behind=int(chance.integers(1, 3)))


def fraction(digits: Dataset, chance: Chance) -> tuple[str, Row]:
    """Write two numbers with a slash between them."""
    return _marked(digits, chance, _stroke(lean=10), behind=int(chance.integers(1, 3)))


def negative(digits: Dataset, chance: Chance) -> tuple[str, Row]:
    """Write a number with a minus sign before it."""
    chosen = digits[chance.integers(len(digits), size=int(chance.integers(1, 5)))]
    dash = np.zeros((20, 9), np.uint8)
    dash[9:11] = 255
    return "", _beside([dash, *map(_cropped, chosen.frames)], chance)


ROWS: dict[str, Make] = {
    "one digit a box, drawn": boxed,
    "one digit a box, printed": printed_boxes,
    "decimals": decimal,
    "fractions": fraction,
    "negative numbers": negative,
}


def _cropped(frame: npt.NDArray[np.uint8]) -> Row:
    columns = np.flatnonzero((frame > 40).any(axis=0))
    return frame[4:24, columns[0] : columns[-1] + 1]


def _beside(pieces: Sequence[Row], chance: Chance) -> Row:
    """Put pieces side by side, some of which touch; 4 pixels of paper around them."""
    row = np.zeros((28, 8 + sum(piece.shape[1] + 8 for piece in pieces)), np.uint8)
    usual, left = chance.uniform(0, 4), 4
    for piece in pieces:
        top = 4 + int(chance.integers(-2, 3))
        part = row[top : top + 20, left : left + piece.shape[1]]
        np.maximum(part, piece, out=part)
        left += piece.shape[1] + round(np.clip(usual + chance.normal(0, 1), -1, 8))
    return row[:, : left + 4]


def _in_boxes(digits: Dataset, chance: Chance, *, strength: int) -> tuple[str, Row]:
    length, pitch = int(chance.integers(3, 9)), int(chance.integers(22, 32))
    chosen = digits[chance.integers(len(digits), size=length)]
    row = np.zeros((28, pitch * length + 5), np.uint8)
    cv2.rectangle(row, (2, 1), (2 + pitch * length, 26), strength, 1)
    for number, frame in enumerate(chosen.frames):
        cv2.line(row, (2 + number * pitch, 1), (2 + number * pitch, 26), strength, 1)
        small = cv2.resize(_cropped(frame), None, fx=0.85, fy=0.85, interpolation=cv2.INTER_AREA)
        left = 2 + number * pitch + (pitch - small.shape[1]) // 2 + int(chance.integers(-2, 3))
        part = row[5 : 5 + len(small), max(3, left) : max(3, left) + small.shape[1]]
        np.maximum(part, small[:, : part.shape[1]], out=part)
    return "".join(map(str, chosen.labels.tolist())), row


def _marked(digits: Dataset, chance: Chance, mark: Row, *, behind: int) -> tuple[str, Row]:
    before = int(chance.integers(1, 4))
    chosen = digits[chance.integers(len(digits), size=before + behind)]
    pieces = [_cropped(frame) for frame in chosen.frames]
    return "", _beside([*pieces[:before], mark, *pieces[before:]], chance)


def _dot() -> Row:
    dot = np.zeros((20, 3), np.uint8)
    dot[17:20] = 255
    return dot


def _stroke(*, lean: int) -> Row:
    stroke = np.zeros((20, lean), np.uint8)
    cv2.line(stroke, (lean - 1, 0), (0, 19), 255, 2, cv2.LINE_AA)
    return stroke


if __name__ == "__main__":
    typer.run(main)
