"""Draw an evaluation: confusion matrix, reliability, risk and coverage, the worst mistakes.

The only module that knows matplotlib; imported only when charts are asked for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitdrop.errors import ReportError
from digitdrop.escape import escape
from digitdrop.evaluation.answers import Answers
from digitdrop.evaluation.belief import bins, calibration_error
from digitdrop.evaluation.curves import confusion, risk_coverage
from digitdrop.evaluation.evaluate import Marked, answers, mistakes
from digitdrop.files.disk import write_whole
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.decision import weights
from digitdrop.predict import Look, look_at
from digitdrop.values import DigitCount, Frame, Limits, Picture

MOST = 40
"""Mistakes on the sheet."""
_ACROSS = 5  # pairs of picture and frame in a row of the sheet
_DOTS_PER_INCH = 120


def draw(
    marked: Sequence[Marked],
    folder: Path,
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
) -> None:
    """Draw what was read of pictures with a label into PNG files of a folder.

    Writes `reliability.png`, `risk-coverage.png`, if there are pictures of one digit
    `confusion.png`, and if there are mistakes `mistakes.png`.

    Args:
        marked: at least one with a label; others are left out.
        folder: made if need be; files of these names in it are replaced.
        classifier: reads the mistakes again, to show what it saw.
        limits: what one picture may cost.
        digits: how many digits a number may have.

    Raises:
        ReportError: a file cannot be written.
    """
    labelled = [one for one in marked if one.task.label is not None]
    found, worst = answers(labelled), mistakes(labelled, most=MOST)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        one_digit = found.where(found.lengths == 1)
        if len(one_digit):
            _drawn(_confusion, one_digit, folder / "confusion.png")
        _drawn(_reliability, found, folder / "reliability.png")
        _drawn(_risk_coverage, found, folder / "risk-coverage.png")
        if worst:
            paths = [one.task.drop.path for one in worst]
            looks = look_at(paths, classifier, limits=limits, digits=digits)
            _save(_sheet(worst, looks), folder / "mistakes.png")
    except OSError as error:
        raise ReportError(f"cannot draw into {folder}: {error.strerror}") from error


def _drawn(chart: Callable[[Axes, Answers], None], found: Answers, path: Path) -> None:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    chart(figure.subplots(), found)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Write aside and rename: what a link of that name leads to stays as it is."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DOTS_PER_INCH)
    write_whole(path, drawn.getvalue(), aside=path.with_name(f".{path.name}.part"))


def _confusion(axes: Axes, found: Answers) -> None:
    counts = confusion(found)
    # Mistakes are few: shades by logarithm, so that they can be seen beside what is right.
    axes.imshow(np.log1p(counts), cmap="Blues", aspect="auto")
    for (label, said), count in np.ndenumerate(counts):
        if count:
            dark = count > counts.max() ** 0.6
            axes.text(
                said, label, f"{count}", ha="center", va="center", color="w" if dark else "k"
            )
    axes.set_xticks(range(11), [*map(str, range(10)), "no digit"])
    axes.set_yticks(range(10), map(str, range(10)))
    axes.set(xlabel="read as", ylabel="is", title=f"{len(found):,} pictures of one digit")


def _reliability(axes: Axes, found: Answers) -> None:
    parts = bins(found)
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="believable")
    axes.plot(
        [part.confidence for part in parts],
        [part.accuracy for part in parts],
        marker="o",
        label="bins of equally many pictures",
    )
    error = f"{100 * calibration_error(parts):.2f} %" if parts else "none"
    axes.set(
        xlabel="confidence",
        ylabel="share that is right",
        title=f"expected calibration error: {error}",
    )
    axes.legend()
    axes.grid(visible=True, alpha=0.3)


def _risk_coverage(axes: Axes, found: Answers) -> None:
    coverage, risk = risk_coverage(found)
    axes.step(100 * coverage, 100 * risk, where="post")
    axes.set(
        xlabel="pictures believed, the most confident first, %",
        ylabel="wrong among them, %",
        xlim=(0, 100),
        title="risk and coverage",
    )
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)


def _sheet(worst: Sequence[Marked], looks: Sequence[Look]) -> Figure:
    rows = -(-len(worst) // _ACROSS)
    figure = Figure(figsize=(_ACROSS * 3.0, rows * 2.0 + 0.4), layout="constrained")
    grid = figure.subplots(rows, 2 * _ACROSS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    pairs = grid.reshape(-1, 2)
    for (picture, frame), one, look in zip(pairs, worst, looks, strict=False):
        _shown(picture, look.grey)
        _shown(frame, _frame(look))
        # A dollar sign would begin a formula.
        name = escape(one.task.drop.path.name)[-22:].replace("$", r"\$")
        picture.set_title(f"{name}\nis {one.task.label}", fontsize=7, loc="left")
        frame.set_title(_said(one), fontsize=7, loc="left")
    figure.suptitle(
        "The worst mistakes: each picture as decoded, and the frame that spoke most for the answer"
    )
    return figure


def _shown(axes: Axes, picture: Frame | None) -> None:
    if picture is not None:
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)


def _frame(look: Look) -> Frame | None:
    """Return the frame that weighed most in the answer, if there is any."""
    if not isinstance(look.seen, Picture) or not look.seen.sight.frames:
        return None
    weight = weights(np.array(look.seen.sight.trust), look.probabilities)
    number = look.reading.verdict.prediction or ""
    if len(number) == 1:
        weight = weight * look.probabilities[:, int(number)]
    return look.seen.sight.frames[int(weight.argmax())]


def _said(one: Marked) -> str:
    verdict = one.verdict
    if verdict.prediction is None:
        return f"{verdict.status}\n"
    return (
        f"{verdict.status}\nread as {verdict.prediction}, {100 * (verdict.confidence or 0):.1f} %"
    )
