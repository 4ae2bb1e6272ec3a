"""What `verify` finds: what there is, and what does not agree."""

from dataclasses import dataclass, field
from typing import Final

from digitdrop.status.needs import shortened

_FAULTS: Final = ("missing", "doubled", "unknown")
_HIDDEN: Final = ("unsure", "unseen")


@dataclass(slots=True)
class Account:
    """What there is, and what does not agree; each finding is a line by its item."""

    rows: int = 0
    filed: dict[str, int] = field(default_factory=dict)
    """Pictures by shelf."""
    waiting: int = 0
    """Files in the inbox."""
    in_hand: int = 0
    """Files that a worker has claimed and not filed away yet."""
    left_alone: int = 0
    """Entries of the inbox that the rules leave alone; see `digitdrop status`."""
    litter: int = 0
    """Files on the shelves that file managers, or a copy that broke off, left there."""
    missing: list[str] = field(default_factory=list)
    """Rows whose picture is nowhere."""
    doubled: list[str] = field(default_factory=list)
    """Rows with an id that another has, and pictures that lie there more often than in the
    report."""
    unknown: list[str] = field(default_factory=list)
    """Pictures without a row, and lines that are no row."""
    unsure: list[str] = field(default_factory=list)
    """Rows whose picture was not found, where not everything may be looked at."""
    unseen: list[str] = field(default_factory=list)
    """Folders and pictures that who asks may not look into."""
    deferred: list[str] = field(default_factory=list)
    """What the worker cannot take, list, put back or file for now."""
    deferred_files: int = 0
    """How many there are of these in all."""
    odd: list[str] = field(default_factory=list)
    """What lies on a shelf and is no picture: links, pipes, sockets, devices. No fault."""

    @property
    def is_right(self) -> bool:
        """Whether nothing was found that does not agree, as far as can be seen."""
        return not any(getattr(self, kind) for kind in _FAULTS)

    @property
    def is_complete(self) -> bool:
        """Whether every picture is accounted for."""
        return self.is_right and not (self.unsure or self.unseen or self.deferred)

    @property
    def conclusion(self) -> str:
        """Say in words what it comes to."""
        if not self.is_right:
            return "this is not right"
        if self.unsure or self.unseen:
            return "cannot say: not everything may be looked at by you"
        if self.deferred:
            return "no picture is lost, but not all can be handled: a person is needed"
        return "every picture is accounted for"

    def as_dict(self) -> dict[str, object]:
        """Give it as JSON would have it."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {"accounted_for": self.is_complete, "conclusion": self.conclusion, **found}

    def __str__(self) -> str:
        """Say it in words, what does not agree one by one."""
        filed = ", ".join(f"{count:,} in {name}" for name, count in self.filed.items())
        lines = [
            f"{self.rows:,} rows; pictures: {filed}, {self.in_hand:,} in hand, "
            f"{self.waiting:,} waiting in the inbox"
        ]
        if self.left_alone or self.litter:
            lines.append(
                f"left alone: {self.left_alone:,} in the inbox, {self.litter:,} on the shelves"
            )
        lines += [f"not a picture: {one}" for one in shortened(self.odd)]
        for kind in _FAULTS:
            lines += [f"{kind}: {one}" for one in getattr(self, kind)]
        lines += [f"cannot look: {one}" for one in shortened(self.unseen)]
        lines += [f"not found: {one}" for one in shortened(self.unsure)]
        deferred = shortened(self.deferred, total=self.deferred_files)
        lines += [f"needs a person: {one}" for one in deferred]
        return "\n".join([*lines, self.conclusion])
