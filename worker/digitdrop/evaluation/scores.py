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
from digitdrop.evaluation.evaluate import Marked, answer_columns, by_set
from digitdrop.evaluation.figures import Figures, Others, digit_figures, other_figures
from digitdrop.values import READ

ScoreRow = TypeVar("ScoreRow", Figures, Others)

_PLAIN_WIDTH = 120  # characters of a line where there is no terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScores:
    """What came of a folder of pictures that show no single digit."""

    sets: dict[str, Others]
    total: Others
    auroc: float
    """Of the confidence of all labelled digits against that of these; see `curves.auroc`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What an evaluation found."""

    model: str
    """Which network read the pictures."""
    sets: dict[str, Figures]
    total: Figures
    """Of all sets together."""
    confusion: list[list[int]]
    """Of all sets; rows by label, columns by prediction, the last without one."""
    others: dict[str, OtherScores]
    """By folder, as it was named."""


def score(model: str, marked: Sequence[Marked]) -> Scores:
    """Sum up what was read; at least one picture has a label."""
    labelled = [one for one in marked if one.task.label is not None]
    digits = answer_columns(labelled)
    nothing: dict[str, list[Marked]] = {}
    for one in marked:
        if one.task.label is None:
            nothing.setdefault(str(one.task.source), []).append(one)
    return Scores(
        model=model,
        sets={
            name: digit_figures(answer_columns(part)) for name, part in by_set(labelled).items()
        },
        total=digit_figures(digits),
        confusion=confusion(digits).tolist(),
        others={
            folder: OtherScores(
                sets={
                    name: other_figures(answer_columns(part))
                    for name, part in by_set(found).items()
                },
                total=other_figures(answer_columns(found)),
                auroc=auroc(digits, answer_columns(found)),
            )
            for folder, found in nothing.items()
        },
    )


def scores_json(scores: Scores) -> str:
    """Give them as JSON; shares are 0-1, and null where there is nothing to share."""
    return json.dumps(asdict(scores), indent=2)


def print_scores(scores: Scores) -> None:
    """Print them as tables."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    console.print(_right(scores))
    console.print(_statuses("what became of them", _named(scores.sets, scores.total)))
    for folder, found in scores.others.items():
        title = f"{escape(folder)}: no single digit"
        console.print(_statuses(title, _named(found.sets, found.total)))
        console.print(f"  area under ROC, digits against these: {found.auroc:.4f}\n")
    console.print(f"  read by {scores.model}")


def _right(scores: Scores) -> Table:
    headings = ("right", "", "ok", "right of ok", "calibration error", "NLL", "Brier")
    view = _table("how right", headings)
    for name, row in _named(scores.sets, scores.total).items():
        cells = (
            f"{row.right:,} of {row.count:,}",
            _share(row.accuracy),
            _share(row.ok_share),
            _share(row.ok_accuracy),
            _share(row.calibration_error),
            f"{row.negative_log_likelihood:.4f}",
            f"{row.brier:.4f}",
        )
        view.add_row(Text(escape(name)), *cells)
    return view


def _statuses(title: str, rows: Mapping[str, Figures] | Mapping[str, Others]) -> Table:
    view = _table(title, ("pictures", "share ok", *(status.in_words for status in READ)))
    for name, row in rows.items():
        counts = (f"{row.statuses[status.value]:,}" for status in READ)
        view.add_row(Text(escape(name)), f"{row.count:,}", _share(row.ok_share), *counts)
    return view


def _named(sets: Mapping[str, ScoreRow], total: ScoreRow) -> dict[str, ScoreRow]:
    return {**sets, "all together": total} if len(sets) > 1 else dict(sets)


def _table(title: str, headings: Sequence[str]) -> Table:
    view = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    view.add_column("set", overflow="fold")
    for heading in headings:
        view.add_column(heading, justify="right")
    return view


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
