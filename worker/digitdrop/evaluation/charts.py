"""Draw an evaluation: confusion matrix, reliability, risk and coverage, the worst mistakes.

The only module that imports matplotlib; it is imported only when charts are wanted.
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
from digitdrop.evaluation.calibration import bins, calibration_error
from digitdrop.evaluation.evaluate import Marked, answer_columns, mistakes
from digitdrop.evaluation.figures import confusion, risk_coverage
from digitdrop.files.disk import write_whole
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.decision import frame_weights
from digitdrop.predict import Explanation, explain_picture
from digitdrop.values import DigitCount, Frame, Limits, Picture

_MOST = 40
"""Largest number of mistakes on the sheet."""
_ACROSS = 5  # pairs of picture and frame in a row of the sheet
_DOTS_PER_INCH = 120


def save_charts(
    marked: Sequence[Marked],
    folder: Path,
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
) -> None:
    """Draw charts of the labelled pictures into PNG files of a folder.

    The files are `reliability.png` and `risk-coverage.png`, with pictures of one digit
    `confusion.png`, and with mistakes `mistakes.png`.

    Args:
        marked: at least one with a label; others are left out.
        folder: made if need be; files of these names in it are replaced.
        classifier: reads the mistakes again, for their frames.
        limits: the limits for one picture.
        digits: the accepted numbers of digits.

    Raises:
        ReportError: a file cannot be written.
    """
    labelled = [each for each in marked if each.task.label is not None]
    found, worst = answer_columns(labelled), mistakes(labelled, most=_MOST)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        one_digit = found.where(found.lengths == 1)
        if len(one_digit):
            _draw(_confusion, one_digit, folder / "confusion.png")
        _draw(_reliability, found, folder / "reliability.png")
        _draw(_risk_coverage, found, folder / "risk-coverage.png")
        if worst:
            paths = [each.task.drop.path for each in worst]
            explanations = explain_picture(paths, classifier, limits=limits, digits=digits)
            _save(_sheet(worst, explanations), folder / "mistakes.png")
    except OSError as error:
        raise ReportError(f"cannot draw into {folder}: {error.strerror}") from error


def _draw(chart: Callable[[Axes, Answers], None], found: Answers, path: Path) -> None:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    chart(figure.subplots(), found)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Write aside and rename: the target of a link of that name stays as it is."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DOTS_PER_INCH)
    write_whole(path, drawn.getvalue(), aside=path.with_name(f".{path.name}.part"))


def _confusion(axes: Axes, found: Answers) -> None:
    counts = confusion(found)
    # Mistakes are few. Shades by logarithm make them visible beside the right answers.
    axes.imshow(np.log1p(counts), cmap="Blues", aspect="auto")
    for (label, prediction), count in np.ndenumerate(counts):
        if count:
            color = "w" if count > counts.max() ** 0.6 else "k"
            axes.text(prediction, label, f"{count}", ha="center", va="center", color=color)
    axes.set_xticks(range(11), [*map(str, range(10)), "no digit"])
    axes.set_yticks(range(10), map(str, range(10)))
    axes.set(xlabel="read as", ylabel="is", title=f"{len(found):,} pictures of one digit")


def _reliability(axes: Axes, found: Answers) -> None:
    parts = bins(found.confidence[found.predicted], found.right[found.predicted])
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfect calibration")
    axes.plot(
        [part.confidence for part in parts],
        [part.accuracy for part in parts],
        marker="o",
        label="bins of equally many pictures",
    )
    axes.set(
        xlabel="confidence",
        ylabel="share that is right",
        title=f"expected calibration error: {calibration_error(parts):.2%}",
    )
    axes.legend()
    axes.grid(visible=True, alpha=0.3)


def _risk_coverage(axes: Axes, found: Answers) -> None:
    coverage, risk = risk_coverage(found)
    axes.step(100 * coverage, 100 * risk, where="post")
    axes.set(
        xlabel="pictures accepted, the most confident first, %",
        ylabel="wrong among them, %",
        xlim=(0, 100),
        title="risk and coverage",
    )
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)


def _sheet(worst: Sequence[Marked], explanations: Sequence[Explanation]) -> Figure:
    rows = -(-len(worst) // _ACROSS)
    figure = Figure(figsize=(_ACROSS * 3.0, rows * 2.0 + 0.4), layout="constrained")
    grid = figure.subplots(rows, 2 * _ACROSS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    pairs = grid.reshape(-1, 2)
    for (picture, frame), mistake, explanation in zip(pairs, worst, explanations, strict=False):
        _show(picture, explanation.grey)
        _show(frame, _frame(explanation))
        # A dollar sign would begin a formula.
        name = escape(mistake.task.drop.path.name)[-22:].replace("$", r"\$")
        picture.set_title(f"{name}\nis {mistake.task.label}", fontsize=7, loc="left")
        frame.set_title(_read_as(mistake), fontsize=7, loc="left")
    figure.suptitle("The worst mistakes: each picture as decoded, and its most important frame")
    return figure


def _show(axes: Axes, picture: Frame | None) -> None:
    if picture is not None:
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)


def _frame(explanation: Explanation) -> Frame | None:
    """Return the frame with the highest weight in the prediction; None without a frame."""
    if not isinstance(explanation.seen, Picture) or not explanation.seen.page.frames:
        return None
    weight = frame_weights(np.array(explanation.seen.page.priors), explanation.probabilities)
    number = explanation.reading.verdict.prediction or ""
    if len(number) == 1:
        weight = weight * explanation.probabilities[:, int(number)]
    return explanation.seen.page.frames[int(weight.argmax())]


def _read_as(mistake: Marked) -> str:
    verdict = mistake.verdict
    if verdict.prediction is None:
        return f"{verdict.status.in_words}\n"
    confidence = verdict.confidence or 0
    return f"{verdict.status.in_words}\nread as {verdict.prediction}, {100 * confidence:.1f} %"
