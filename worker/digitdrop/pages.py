"""A file of one page or several, and its one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from digitdrop.decoding.document import Document
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Candidates, Grey, Limits, Picture, Status, Verdict

MOST_PAGES: Final = 10
"""In a file with more pages only the first is decoded: the rest would hold up other files."""
_MOST_COST: Final = 4
"""The same holds for pages with more pixels together than so many pictures may have."""

_SHORT = {
    Status.BLANK: "blank",
    Status.NOT_A_DIGIT: "no digit",
    Status.SEVERAL: "several",
    Status.UNREADABLE: "unreadable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPages:
    """The decoded pages of a file."""

    grey: Grey
    """The page that is read, as decoded: the first that shows anything, else the first."""
    candidates: tuple[Candidates, ...]
    """Candidates of each page; of the first alone if there are too many pages."""
    pages: int
    doubt: str
    """Reason why part of the file may not be written yet, though it can be decoded; or empty."""


def decode_pages(content: bytes, *, limits: Limits) -> DecodedPages:
    """Decode a file and find what may be digits in it, page by page.

    Raises:
        Incomplete: the bytes end before the picture does, or there are none.
        TooLarge: more bytes or pixels than `limits`.
        Unreadable: a page cannot be decoded.
    """
    document = Document(content, limits=limits)
    pages = document.pages()
    read = next(pages)
    candidates = [normalise(read)]
    if 1 < len(document) <= MOST_PAGES and document.cost <= _MOST_COST * limits.pixels:
        for grey in pages:
            candidates.append(normalise(grey))
            if candidates[-1].frames and not any(page.frames for page in candidates[:-1]):
                read = grey
    return DecodedPages(
        grey=read, candidates=tuple(candidates), pages=len(document), doubt=document.doubt
    )


def combine_pages(picture: Picture, verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a file, from the verdicts on its pages.

    If exactly one page shows something, its verdict is the file's, and the reason names the
    page. If more pages do, the file is `several`, and the reason lists all pages.

    Args:
        picture: the file, decoded.
        verdicts: a verdict for each element of `picture.candidates`.
    """
    verdict = verdicts[0] if picture.pages == 1 else _of_pages(picture, verdicts)
    if picture.doubt:
        return replace(verdict, reason=verdict.reason or picture.doubt, doubt=picture.doubt)
    return verdict


def _of_pages(picture: Picture, verdicts: Sequence[Verdict]) -> Verdict:
    count = f"{picture.pages:,} pages"
    if picture.pages > len(verdicts):
        return Verdict(status=Status.SEVERAL, reason=f"{count}: too many to look at each")
    written = [number for number, page in enumerate(picture.candidates) if page.frames]
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
