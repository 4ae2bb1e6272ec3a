"""Show the figures of several sets of pictures: as tables, or as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitdrop.escape import escape
from digitdrop.evaluation.evaluate import Marked, answer_columns, by_set
from digitdrop.evaluation.figures import (
    NumberFigures,
    OtherFigures,
    auroc,
    confusion,
    number_figures,
    other_figures,
)
from digitdrop.values import READ

ScoreRow = TypeVar("ScoreRow", NumberFigures, OtherFigures)

_PLAIN_WIDTH = 120  # characters of a line where there is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScores:
    """Figures of a folder of pictures that show no single number."""

    sets: dict[str, OtherFigures]
    total: OtherFigures
    auroc: float
    """Of the confidence of all labelled pictures against that of these; see `figures.auroc`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The result of an evaluation."""

    model: str
    """Name of the network."""
    sets: dict[str, NumberFigures]
    total: NumberFigures
    """Figures of all sets together."""
    by_length: dict[str, NumberFigures]
    """Figures of all sets, by the number of digits of the label: `1`, `2` and so on."""
    numbers: NumberFigures | None
    """Figures of all labels of two or more digits; None if there are none."""
    confusion: list[list[int]]
    """Counts of all labels of one digit: rows by label, columns by prediction; the last column
    has predictions that are missing or longer."""
    others: dict[str, OtherScores]
    """By folder, as on the command line."""


def score(model: str, marked: Sequence[Marked]) -> Scores:
    """Return the figures of all items; at least one has a label."""
    labelled = [each for each in marked if each.task.label is not None]
    found = answer_columns(labelled)
    longer = found.where(found.lengths > 1)
    folders: dict[str, list[Marked]] = {}
    for each in marked:
        if each.task.label is None:
            folders.setdefault(str(each.task.source), []).append(each)
    return Scores(
        model=model,
        sets={
            name: number_figures(answer_columns(part)) for name, part in by_set(labelled).items()
        },
        total=number_figures(found),
        by_length={
            str(length): number_figures(found.where(found.lengths == length))
            for length in sorted(set(found.lengths.tolist()))
        },
        numbers=number_figures(longer) if len(longer) else None,
        confusion=confusion(found.where(found.lengths == 1)).tolist(),
        others={
            folder: OtherScores(
                sets={
                    name: other_figures(answer_columns(part))
                    for name, part in by_set(items).items()
                },
                total=other_figures(answer_columns(items)),
                auroc=auroc(found, answer_columns(items)),
            )
            for folder, items in folders.items()
        },
    )


def scores_json(scores: Scores) -> str:
    """Return the figures as JSON; shares are 0-1, and null where they have no base."""
    return json.dumps(asdict(scores), indent=2)


def print_scores(scores: Scores) -> None:
    """Print the figures as tables."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    console.print(_right("how right", "set", _named(scores.sets, scores.total)))
    if scores.numbers:
        console.print(_right("by length", "label", _lengths(scores)))
    console.print(_statuses("by status", _named(scores.sets, scores.total)))
    for folder, found in scores.others.items():
        title = f"{escape(folder)}: no single number"
        console.print(_statuses(title, _named(found.sets, found.total)))
        console.print(f"  area under ROC, numbers against these: {found.auroc:.4f}\n")
    console.print(f"  read by {scores.model}")


def _lengths(scores: Scores) -> dict[str, NumberFigures]:
    rows = {
        "1 digit" if length == "1" else f"{length} digits": row
        for length, row in scores.by_length.items()
    }
    longer = scores.by_length.keys() - {"1"}
    return {**rows, "2 or more": scores.numbers} if scores.numbers and len(longer) > 1 else rows


def _right(title: str, of: str, rows: Mapping[str, NumberFigures]) -> Table:
    headings = (
        *("right", "", "ok", "right of ok", "calibration error"),
        *("edits a digit", "NLL", "Brier"),
    )
    table = _table(title, of, headings)
    for name, row in rows.items():
        table.add_row(
            Text(escape(name)),
            f"{row.right:,} of {row.count:,}",
            _share(row.accuracy),
            _share(row.ok_share),
            _share(row.ok_accuracy),
            _share(row.calibration_error),
            _figure(row.edits_per_digit),
            _figure(row.negative_log_likelihood),
            _figure(row.brier),
        )
    return table


def _statuses(title: str, rows: Mapping[str, NumberFigures] | Mapping[str, OtherFigures]) -> Table:
    table = _table(title, "set", ("pictures", "share ok", *(status.in_words for status in READ)))
    for name, row in rows.items():
        counts = (f"{row.statuses[status.value]:,}" for status in READ)
        table.add_row(Text(escape(name)), f"{row.count:,}", _share(row.ok_share), *counts)
    return table


def _named(sets: Mapping[str, ScoreRow], total: ScoreRow) -> dict[str, ScoreRow]:
    return {**sets, "all together": total} if len(sets) > 1 else dict(sets)


def _table(title: str, of: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(of, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
