"""The result of `verify`: counts, and all that does not agree."""

from dataclasses import dataclass, field
from typing import Final

from digitdrop.status.needs import shortened

FINDINGS: Final = ("missing", "doubled", "unknown", "unsure", "unseen", "odd")
"""The fields of `Account` that another look may take back."""
_FAULTS: Final = ("missing", "doubled", "unknown")


@dataclass(slots=True)
class Account:
    """Counts, and findings: a line for people by the item that it is about."""

    rows: int = 0
    filed: dict[str, int] = field(default_factory=dict)
    """Pictures by folder of the outbox."""
    waiting: int = 0
    """Files in the inbox."""
    in_hand: int = 0
    """Files that a worker has claimed and not archived yet."""
    left_alone: int = 0
    """Entries of the inbox that the rules ignore; see `digitdrop status`."""
    litter: int = 0
    """Files that file managers, or a copy that broke off, left in the outbox."""
    missing: dict[str, str] = field(default_factory=dict)
    """Rows whose picture is nowhere, by their id."""
    doubled: dict[str, str] = field(default_factory=dict)
    """Rows with the id of another row, and pictures that lie there more often than they have
    rows."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Pictures without a row, by their name in the outbox, and lines that are no row."""
    unsure: dict[str, str] = field(default_factory=dict)
    """Rows whose picture was not found, where the user may not look everywhere."""
    unseen: dict[str, str] = field(default_factory=dict)
    """Folders and pictures that the user may not look into."""
    deferred: list[str] = field(default_factory=list)
    """Files and folders that the worker cannot take, list, put back or file for now."""
    deferred_files: int = 0
    """Number of them in all."""
    odd: dict[str, str] = field(default_factory=dict)
    """Links, pipes, sockets and devices among the pictures. No fault."""

    @property
    def loose(self) -> list[str]:
        """The pictures without a row, by their name relative to the outbox."""
        return [key for key in self.unknown if not key.startswith(LINE)]

    @property
    def is_right(self) -> bool:
        """True if no fault was found, as far as can be seen."""
        return not any(getattr(self, kind) for kind in _FAULTS)

    @property
    def is_complete(self) -> bool:
        """True if every picture is accounted for."""
        return self.is_right and not (self.unsure or self.unseen or self.deferred)

    @property
    def conclusion(self) -> str:
        """The result in words."""
        if not self.is_right:
            return "this is not right"
        if self.unsure or self.unseen:
            return "cannot say: not everything may be looked at by you"
        if self.deferred:
            return "no picture is lost, but not all can be handled: a person is needed"
        return "every picture is accounted for"

    def as_dict(self) -> dict[str, object]:
        """Return the account for JSON; findings are lists of lines."""
        found = {name: getattr(self, name) for name in self.__slots__}
        found |= {name: [*found[name].values()] for name in FINDINGS}
        return {"accounted_for": self.is_complete, "conclusion": self.conclusion, **found}

    def __str__(self) -> str:
        """Return the account in words, with a line for each fault."""
        filed = ", ".join(f"{count:,} in {name}" for name, count in self.filed.items())
        lines = [
            f"{self.rows:,} rows; pictures: {filed}, {self.in_hand:,} in hand, "
            f"{self.waiting:,} waiting in the inbox"
        ]
        if self.left_alone or self.litter:
            lines.append(
                f"left alone: {self.left_alone:,} in the inbox, {self.litter:,} in the outbox"
            )
        sections = (
            ("not a picture", shortened([*self.odd.values()])),
            *((kind, [*getattr(self, kind).values()]) for kind in _FAULTS),
            ("cannot look", shortened([*self.unseen.values()])),
            ("not found", shortened([*self.unsure.values()])),
            ("needs a person", shortened(self.deferred, total=self.deferred_files)),
        )
        lines += [f"{title}: {line}" for title, found in sections for line in found]
        return "\n".join([*lines, self.conclusion])


LINE: Final = "line "
"""The key of a line that is no row begins so."""
