"""An index in which each item is found by any of its labels, and taken once."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Labelled = TypeVar("Labelled", bound=Hashable)


class LabelIndex(Generic[Labelled]):
    """Items with labels; an item taken by one label is gone under all of them.

    Example:
        >>> index = LabelIndex()
        >>> index.add("7.png", [("name", "7.png"), ("content", "ab12")])
        >>> index.take("content", "ab12")
        '7.png'
        >>> index.take("name", "7.png") is None
        True
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._left: set[Labelled] = set()
        self._index: dict[tuple[str, ...], list[Labelled]] = {}

    def add(self, item: Labelled, labels: Iterable[tuple[str, ...]]) -> None:
        """Add an item under labels; of items with the same label the last one is taken first."""
        self._left.add(item)
        for label in labels:
            self._index.setdefault(label, []).append(item)

    def take(self, *label: str) -> Labelled | None:
        """Remove and return an item with a label; None if no such item is left."""
        found = self._index.get(label, [])
        while found:
            item = found.pop()
            if item in self._left:
                self._left.remove(item)
                return item
        return None

    def left(self) -> set[Labelled]:
        """Return the items that were not taken."""
        return self._left
