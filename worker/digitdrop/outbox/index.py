"""Things to be found by any of their labels, each to be taken once, each lookup in a moment."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Labelled = TypeVar("Labelled", bound=Hashable)


class LabelIndex(Generic[Labelled]):
    """A lost property office: what was handed out under one label is gone under all."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._left: set[Labelled] = set()
        self._index: dict[tuple[str, ...], list[Labelled]] = {}

    def add(self, thing: Labelled, labels: Iterable[tuple[str, ...]]) -> None:
        """Put a thing under labels; of those that share one, the last added is taken first."""
        self._left.add(thing)
        for label in labels:
            self._index.setdefault(label, []).append(thing)

    def take(self, *label: str) -> Labelled | None:
        """Hand out a thing that bears a label; None if there is none left."""
        found = self._index.get(label, [])
        while found:
            thing = found.pop()
            if thing in self._left:
                self._left.remove(thing)
                return thing
        return None

    def left(self) -> set[Labelled]:
        """Give what was not taken."""
        return self._left
