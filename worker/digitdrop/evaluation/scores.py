"""Figures of several sets of pictures side by side: as tables, or as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitdrop.escape import escape
from digitdrop.evaluation.curves import auroc, confusion
from digitdrop.evaluation.evaluate import Marked, answers, by_set
from digitdrop.evaluation.figures import Figures, Others, figures, others
from digitdrop.values import READ

Row = TypeVar("Row", Figures, Others)

_PLAIN_WIDTH = 120  # characters of a line where there is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScores:
    """What came of a folder of pictures that show no single number."""

    sets: dict[str, Others]
    total: Others
    auroc: float
    """Of the confidence of all labelled pictures against that of these; see `curves.auroc`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What an evaluation found."""

    model: str
    """Which network read the pictures."""
    sets: dict[str, Figures]
    total: Figures
    """Of all sets together."""
    by_length: dict[str, Figures]
    """Of all sets, by the digits of the label: `1`, `2` and so on."""
    numbers: Figures | None
    """Of all labels of two or more digits; None if there are none."""
    confusion: list[list[int]]
    """Of all labels of one digit; rows by label, columns by prediction, the last for those
    whose prediction is no single digit."""
    others: dict[str, OtherScores]
    """By folder, as it was named."""


def score(model: str, marked: Sequence[Marked]) -> Scores:
    """Sum up what was read; at least one picture has a label."""
    labelled = [one for one in marked if one.task.label is not None]
    found = answers(labelled)
    longer = found.where(found.lengths > 1)
    nothing: dict[str, list[Marked]] = {}
    for one in marked:
        if one.task.label is None:
            nothing.setdefault(str(one.task.source), []).append(one)
    return Scores(
        model=model,
        sets={name: figures(answers(part)) for name, part in by_set(labelled).items()},
        total=figures(found),
        by_length={
            str(length): figures(found.where(found.lengths == length))
            for length in sorted(set(found.lengths.tolist()))
        },
        numbers=figures(longer) if len(longer) else None,
        confusion=confusion(found.where(found.lengths == 1)).tolist(),
        others={
            folder: OtherScores(
                sets={name: others(answers(part)) for name, part in by_set(some).items()},
                total=others(answers(some)),
                auroc=auroc(found, answers(some)),
            )
            for folder, some in nothing.items()
        },
    )


def as_json(scores: Scores) -> str:
    """Give them as JSON; shares are 0-1, and null where there is nothing to share."""
    return json.dumps(asdict(scores), indent=2)


def show(scores: Scores) -> None:
    """Print them as tables."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    console.print(_right("how right", "set", _named(scores.sets, scores.total)))
    if scores.numbers:
        console.print(_right("by length", "label", _lengths(scores)))
    console.print(_statuses("what became of them", _named(scores.sets, scores.total)))
    for folder, found in scores.others.items():
        title = f"{escape(folder)}: no single number"
        console.print(_statuses(title, _named(found.sets, found.total)))
        console.print(f"  area under ROC, numbers against these: {found.auroc:.4f}\n")
    console.print(f"  read by {scores.model}")


def _lengths(scores: Scores) -> dict[str, Figures]:
    rows = {_digits(length): row for length, row in scores.by_length.items()}
    longer = scores.by_length.keys() - {"1"}
    return {**rows, "2 or more": scores.numbers} if scores.numbers and len(longer) > 1 else rows


def _digits(length: str) -> str:
    return "1 digit" if length == "1" else f"{length} digits"


def _right(title: str, of: str, rows: Mapping[str, Figures]) -> Table:
    headings = (
        *("right", "", "ok", "right of ok", "calibration error"),
        *("edits a digit", "NLL", "Brier"),
    )
    view = _table(title, of, headings)
    for name, row in rows.items():
        cells = (
            f"{row.right:,} of {row.count:,}",
            _share(row.accuracy),
            _share(row.ok_share),
            _share(row.ok_accuracy),
            _share(row.calibration_error),
            f"{row.edits_per_digit:.4f}",
            _four(row.negative_log_likelihood),
            _four(row.brier),
        )
        view.add_row(Text(escape(name)), *cells)
    return view


def _statuses(title: str, rows: Mapping[str, Figures] | Mapping[str, Others]) -> Table:
    view = _table(title, "set", ("pictures", "share ok", *(status.value for status in READ)))
    for name, row in rows.items():
        counts = (f"{row.statuses[status.value]:,}" for status in READ)
        view.add_row(Text(escape(name)), f"{row.count:,}", _share(row.ok_share), *counts)
    return view


def _named(sets: Mapping[str, Row], total: Row) -> dict[str, Row]:
    return {**sets, "all together": total} if len(sets) > 1 else dict(sets)


def _table(title: str, of: str, headings: Sequence[str]) -> Table:
    view = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    view.add_column(of, overflow="fold")
    for heading in headings:
        view.add_column(heading, justify="right")
    return view


def _four(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.4f}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
