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
    DigitFigures,
    OtherFigures,
    auroc,
    confusion,
    digit_figures,
    other_figures,
)
from digitdrop.values import READ

ScoreRow = TypeVar("ScoreRow", DigitFigures, OtherFigures)

_PLAIN_WIDTH = 120  # characters of a line where there is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScores:
    """Figures of a folder of pictures that show no single digit."""

    sets: dict[str, OtherFigures]
    total: OtherFigures
    auroc: float
    """Of the confidence of all labelled digits against that of these; see `figures.auroc`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The result of an evaluation."""

    model: str
    """Name of the network."""
    sets: dict[str, DigitFigures]
    total: DigitFigures
    """Figures of all sets together."""
    confusion: list[list[int]]
    """Counts of all sets: rows by label, columns by prediction, the last without one."""
    others: dict[str, OtherScores]
    """By folder, as on the command line."""


def score(model: str, marked: Sequence[Marked]) -> Scores:
    """Return the figures of all items; at least one has a label."""
    labelled = [each for each in marked if each.task.label is not None]
    found = answer_columns(labelled)
    folders: dict[str, list[Marked]] = {}
    for each in marked:
        if each.task.label is None:
            folders.setdefault(str(each.task.source), []).append(each)
    return Scores(
        model=model,
        sets={
            name: digit_figures(answer_columns(part)) for name, part in by_set(labelled).items()
        },
        total=digit_figures(found),
        confusion=confusion(found).tolist(),
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
    console.print(_right("how right", _named(scores.sets, scores.total)))
    console.print(_statuses("by status", _named(scores.sets, scores.total)))
    for folder, found in scores.others.items():
        title = f"{escape(folder)}: no single digit"
        console.print(_statuses(title, _named(found.sets, found.total)))
        console.print(f"  area under ROC, digits against these: {found.auroc:.4f}\n")
    console.print(f"  read by {scores.model}")


def _right(title: str, rows: Mapping[str, DigitFigures]) -> Table:
    headings = ("right", "", "ok", "right of ok", "calibration error", "NLL", "Brier")
    table = _table(title, headings)
    for name, row in rows.items():
        table.add_row(
            Text(escape(name)),
            f"{row.right:,} of {row.count:,}",
            _share(row.accuracy),
            _share(row.ok_share),
            _share(row.ok_accuracy),
            _share(row.calibration_error),
            f"{row.negative_log_likelihood:.4f}",
            f"{row.brier:.4f}",
        )
    return table


def _statuses(title: str, rows: Mapping[str, DigitFigures] | Mapping[str, OtherFigures]) -> Table:
    table = _table(title, ("pictures", "share ok", *(status.value for status in READ)))
    for name, row in rows.items():
        counts = (f"{row.statuses[status.value]:,}" for status in READ)
        table.add_row(Text(escape(name)), f"{row.count:,}", _share(row.ok_share), *counts)
    return table


def _named(sets: Mapping[str, ScoreRow], total: ScoreRow) -> dict[str, ScoreRow]:
    return {**sets, "all together": total} if len(sets) > 1 else dict(sets)


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("set", overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
