"""A file of one page or several: what each shows, and the one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from digitdrop.decoding.document import Document
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Candidates, Grey, Limits, Picture, Status, Verdict

MOST_PAGES: Final = 10
"""A file with more pages is not looked through: it would hold up the others."""
_MOST_COST: Final = 4
"""Nor is one whose pages have more pixels together than so many pictures may have."""

_SHORT = {
    Status.BLANK: "blank",
    Status.NOT_A_DIGIT: "no digit",
    Status.SEVERAL: "several",
    Status.UNREADABLE: "unreadable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPages:
    """What there is to see in a file."""

    grey: Grey
    """The page that is read: the first one that shows anything, as decoded."""
    candidates: tuple[Candidates, ...]
    """Of each page; of the first alone where there are too many."""
    pages: int
    doubt: str
    """Why some of it may not be written yet, though it can be decoded; else empty."""

    @property
    def sight(self) -> Candidates:
        """The page that is read."""
        return next((sight for sight in self.candidates if sight.frames), self.candidates[0])


def decode_pages(content: bytes, *, limits: Limits) -> DecodedPages:
    """Decode a file and find what may be digits in it, page by page.

    Raises:
        Incomplete: the bytes end before the picture does, or there are none.
        TooLarge: more bytes or pixels than `limits`.
        Unreadable: anything else that keeps one of its pages from being read.
    """
    document = Document(content, limits=limits)
    pages = document.pages()
    read = next(pages)
    candidates = [normalise(read)]
    if 1 < len(document) <= MOST_PAGES and document.cost <= _MOST_COST * limits.pixels:
        for page in pages:
            candidates.append(normalise(page))
            if candidates[-1].frames and not any(sight.frames for sight in candidates[:-1]):
                read = page
    return DecodedPages(
        grey=read, candidates=tuple(candidates), pages=len(document), doubt=document.doubt
    )


def combine_pages(picture: Picture, verdicts: Sequence[Verdict]) -> Verdict:
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
    written = [number for number, sight in enumerate(picture.candidates) if sight.frames]
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
