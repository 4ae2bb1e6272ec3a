"""Bytes -> what their picture shows, or each page of several."""

from dataclasses import dataclass
from typing import Final

from digitdrop.decoding.document import Document
from digitdrop.preprocess.normalise import look
from digitdrop.values import Grey, Limits, Sight

MOST_PAGES: Final = 10
"""A file with more pages is not looked through: it would hold up the others."""
_MOST_COST: Final = 4
"""Nor is one whose pages have more pixels together than so many pictures may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What there is to see in a file."""

    grey: Grey
    """The page that is read: the first one that shows anything, as decoded."""
    sights: tuple[Sight, ...]
    """Of each page; of the first alone where there are too many."""
    pages: int
    doubt: str
    """Why some of it may not be written yet, though it can be decoded; else empty."""

    @property
    def sight(self) -> Sight:
        """The page that is read."""
        return next((sight for sight in self.sights if sight.frames), self.sights[0])


def shown(content: bytes, *, limits: Limits) -> Shown:
    """Decode a file and find what may be digits in it, page by page.

    Raises:
        Incomplete: the bytes end before the picture does, or there are none.
        TooLarge: more bytes or pixels than `limits`.
        Unreadable: anything else that keeps one of its pages from being read.
    """
    document = Document(content, limits=limits)
    pages = document.pages()
    read = next(pages)
    sights = [look(read)]
    if 1 < len(document) <= MOST_PAGES and document.cost <= _MOST_COST * limits.pixels:
        for page in pages:
            sights.append(look(page))
            if sights[-1].frames and not any(sight.frames for sight in sights[:-1]):
                read = page
    return Shown(grey=read, sights=tuple(sights), pages=len(document), doubt=document.doubt)
