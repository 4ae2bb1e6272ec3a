"""What is said of each page -> what is said of the file."""

from collections.abc import Sequence
from dataclasses import replace

from digitdrop.values import Picture, Status, Verdict

_SHORT = {
    Status.BLANK: "blank",
    Status.NOT_A_DIGIT: "no digit",
    Status.SEVERAL: "several",
    Status.UNREADABLE: "unreadable",
}


def bound(picture: Picture, verdicts: Sequence[Verdict]) -> Verdict:
    """Put together the verdicts on the pages of one file.

    If exactly one page shows something, its verdict is the file's, and the reason tells which
    page it is. If more do, the file is `several`, with what each shows.

    Args:
        picture: the file, decoded.
        verdicts: one for each of its sights.
    """
    verdict = verdicts[0] if picture.pages == 1 else _of_pages(picture, verdicts)
    if picture.doubt:
        return replace(verdict, reason=verdict.reason or picture.doubt, doubt=picture.doubt)
    return verdict


def _of_pages(picture: Picture, verdicts: Sequence[Verdict]) -> Verdict:
    count = f"{picture.pages:,} pages"
    if picture.pages > len(verdicts):
        return Verdict(status=Status.SEVERAL, reason=f"{count}: too many to look at each")
    written = [number for number, sight in enumerate(picture.sights) if sight.frames]
    if not written:
        return Verdict(status=Status.BLANK, reason=f"{count}, all blank")
    if len(written) > 1:
        each = ", ".join(map(_short, verdicts))
        return Verdict(status=Status.SEVERAL, reason=f"{count}: {each}")
    verdict = verdicts[written[0]]
    others = "the other is" if picture.pages == 2 else "the others are"
    page = f"page {written[0] + 1} of {picture.pages}, {others} blank"
    return replace(verdict, reason=f"{page}: {verdict.reason}" if verdict.reason else page)


def _short(verdict: Verdict) -> str:
    if verdict.prediction is None:
        return _SHORT[verdict.status]
    return f"{verdict.prediction}" + ("" if verdict.status is Status.OK else "?")
