"""From answers to the lines of the tables: figure, counts, goal, and whether it is reached."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.corruptions import FAMILIES
from benchmarks.reading import BySet, pool
from benchmarks.variants import LARGE, LARGE_ONLY, VARIANTS
from benchmarks.wild import is_handwriting
from digitdrop.evaluation.answers import Answers
from digitdrop.evaluation.belief import brier, negative_log_likelihood
from digitdrop.evaluation.curves import auroc
from digitdrop.evaluation.figures import figures, others

Results = Mapping[str, Mapping[str, BySet]]
"""By part and name, as in `parts.PARTS`."""

TITLES = {
    "cs114-uit-photos": "phone photos, `cs114-uit-photos`",
    "scan-anzemur": "scans of forms, `scan-anzemur`",
    "semeion": "16x16 black and white, `semeion`",
    "own": "people's own drawings and photos, `own-*`",
    "printed-digits-misc": "printed digits (not handwriting)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure."""

    part: str
    on: str
    counts: str
    """Numerator and denominator, where there are such."""
    value: float
    """A share 0-1, unless its text says otherwise."""
    text: str
    goal: str = ""
    reached: bool | None = None
    """None where no goal is set."""
    note: str = ""


def lines(results: Results) -> list[Line]:
    """Sum up all that was measured, in the order of the tables."""
    return [line for part, make in _PARTS.items() if part in results for line in make(results)]


def _wild(results: Results) -> Iterator[Line]:
    sets = results["wild"]["digits"]
    goals = {"cs114-uit-photos": 97.0, "scan-anzemur": 98.5, "semeion": 97.0, "own": 99.5}
    for name in _ordered(sets):
        yield _right("wild", TITLES.get(name, name), sets[name], goals.get(name))
    all_four = _handwritten(sets)
    yield _right("wild", "all handwriting, pooled", all_four, 98.3)
    yield from _sureness("wild", all_four, at_least=95.0, at_most=0.5)
    found = figures(all_four)
    error = found.calibration_error or 0.0
    yield Line(
        part="wild",
        on="calibration error of the confidence",
        counts=f"{int(all_four.told.sum()):,} rows with a prediction",
        value=error,
        text=_percent(error),
        goal="at most 1.5 %",
        reached=error <= 0.015,
    )
    for name, value in (
        ("negative log-likelihood", negative_log_likelihood(all_four)),
        ("Brier score", brier(all_four)),
    ):
        yield Line(
            part="wild", on=name, counts=f"{found.count:,}", value=value, text=f"{value:.4f}"
        )


def _sureness(
    part: str, answers: Answers, *, at_least: float | None = None, at_most: float | None = None
) -> Iterator[Line]:
    found = figures(answers)
    yield _share(part, "share of `ok`", found.ok, found.count, at_least=at_least)
    wrong = found.ok - found.ok_right
    yield _share(part, "wrong among the `ok`", wrong, found.ok, at_most=at_most)


def _variants(results: Results) -> Iterator[Line]:
    found = results["variants"]
    plain = {
        False: _handwritten(results["wild"]["digits"]),
        True: _handwritten(found[LARGE]),
    }
    for large, name in ((False, "as they are"), (True, LARGE)):
        yield _right("variants", name, plain[large], None)
    for name in VARIANTS:
        base = plain[name in LARGE_ONLY]
        least = figures(base).accuracy - 0.005
        on = f"{name} (ink over 40 pixels high)" if name in LARGE_ONLY else name
        yield _right("variants", on, _handwritten(found[name]), 100 * least)


def _mnist(results: Results) -> Iterator[Line]:
    direct = results["mnist"]["direct"]["direct"]
    yield _right("mnist", "frames given to the network directly", direct, None)
    least = figures(direct).accuracy - 0.0005
    for name, found in results["mnist"].items():
        if name != "direct":
            yield _right("mnist", f"PNGs of {name}, through `batch`", found[name], 100 * least)


def _papers(results: Results) -> Iterator[Line]:
    found = {kind: sets[kind] for kind, sets in results["papers"].items()}
    for kind, one in found.items():
        yield _right("papers", kind, one, None)
    yield from _sureness("papers", pool(found.values()))


def _others(results: Results) -> Iterator[Line]:
    letters, strings = results["others"]["letters"], results["others"]["strings"]
    fair = pool(found for name, found in letters.items() if name != "look-alikes")
    for name, one in letters.items():
        found = others(one)
        yield _share("others", f"`ok` among `{name}`", found.ok, found.count)
    found = others(fair)
    title = "`ok` among all non-digits, look-alikes apart"
    yield _share("others", title, found.ok, found.count, at_most=3.0)
    area = auroc(_handwritten(results["wild"]["digits"]), fair)
    yield Line(
        part="others",
        on="area under ROC of the confidence, handwriting against these",
        counts=f"{found.count:,}",
        value=area,
        text=f"{area:.4f}",
        goal="at least 0.99",
        reached=area >= 0.99,
    )
    found = others(pool(strings.values()))
    yield _share("others", "`ok` among numbers", found.ok, found.count, at_most=2.0)
    several = found.statuses["several"]
    yield _share("others", "`several` among numbers", several, found.count, at_least=90.0)


def _empty(results: Results) -> Iterator[Line]:
    for kind, sets in results["empty"].items():
        found = others(sets[kind])
        yield _share("empty", f"`ok` among {kind}", found.ok, found.count, at_most=0.0)


def _corruptions(results: Results) -> Iterator[Line]:
    found = results["corruptions"]
    shares = {}
    for family, sets in found.items():
        line = _right("corruptions", family, sets[family], None)
        shares[family] = line.value
        yield Line(
            part=line.part,
            on=line.on,
            counts=line.counts,
            value=line.value,
            text=line.text,
            note=FAMILIES[family].seen or "not seen",
        )
    fifteen = [share for family, share in shares.items() if FAMILIES[family].published]
    unseen = [share for family, share in shares.items() if not FAMILIES[family].seen]
    for name, group, goal in (
        ("mean of the fifteen of MNIST-C", fifteen, 97.0),
        ("mean of all", list(shares.values()), 97.0),
        ("mean of those that training did not see", unseen, None),
    ):
        if group:
            mean = float(np.mean(group))
            yield Line(
                part="corruptions",
                on=name,
                counts=f"{len(group)} families",
                value=mean,
                text=_percent(mean),
                goal=f"at least {goal:g} %" if goal else "",
                reached=100 * mean >= goal if goal else None,
            )


def _ancestor(results: Results) -> Iterator[Line]:
    ways = results["ancestor"]["ancestor"]
    ours = results["wild"]["digits"]
    for way in ("resize", "inverted"):
        theirs = {name.split("/")[1]: one for name, one in ways.items() if name.startswith(way)}
        for name, found in (*theirs.items(), ("all handwriting", _handwritten(theirs))):
            yield _right(f"ancestor, {way}", TITLES.get(name, name), found, None)
    for name in _ordered(ours):
        yield _right("ancestor, ours", TITLES.get(name, name), ours[name], None)
    yield _right("ancestor, ours", "all handwriting", _handwritten(ours), None)


_PARTS: dict[str, Callable[[Results], Iterator[Line]]] = {
    "wild": _wild,
    "variants": _variants,
    "mnist": _mnist,
    "papers": _papers,
    "others": _others,
    "empty": _empty,
    "corruptions": _corruptions,
    "ancestor": _ancestor,
}


def _handwritten(sets: BySet) -> Answers:
    return pool(found for name, found in sets.items() if is_handwriting(name))


def _ordered(sets: BySet) -> list[str]:
    """Put what has a title first."""
    return [*(name for name in TITLES if name in sets), *sorted(sets.keys() - TITLES.keys())]


def _right(part: str, on: str, answers: Answers, goal: float | None) -> Line:
    found = figures(answers)
    return _share(part, on, found.right, found.count, at_least=goal)


def _share(
    part: str,
    on: str,
    some: int,
    of: int,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    share = some / of if of else 0.0
    goal, reached = "", None
    if at_least is not None:
        goal, reached = f"at least {at_least:.5g} %", 100 * share >= at_least - 1e-9
    if at_most is not None:
        goal = f"at most {at_most:g} %" if at_most else "none"
        reached = 100 * share <= at_most
    return Line(
        part=part,
        on=on,
        counts=f"{some:,} of {of:,}",
        value=share,
        text=_percent(share),
        goal=goal,
        reached=reached,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
