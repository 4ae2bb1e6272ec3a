"""The result of `repair`: the moves, and all that is left for a person."""

from dataclasses import asdict, dataclass, field
from typing import Final, Literal, TypeAlias

RepairKind: TypeAlias = Literal["give_back", "file_away"]

_VERBS: Final = {
    "give_back": ("given back to the inbox", "would give back to the inbox"),
    "file_away": ("filed away", "would file away"),
}


@dataclass(frozen=True)
class Act:
    """The move of one picture; the fields are the keys in JSON."""

    act: RepairKind
    file: str
    """Its former place, escaped for people."""
    to: str
    why: str


@dataclass(slots=True)
class Repairs:
    """The moves, and the rest."""

    is_dry: bool
    """True if nothing was moved."""
    acts: list[Act] = field(default_factory=list)
    in_hand: int = 0
    """Claimed files without a row, which the next start of the worker reads."""
    left: list[str] = field(default_factory=list)
    """A line for each thing that only a person can put right."""

    @property
    def is_complete(self) -> bool:
        """True if every picture is accounted for afterwards."""
        return not self.left

    def as_dict(self) -> dict[str, object]:
        """Return the repairs for JSON."""
        return {
            "dry_run": self.is_dry,
            "acts": [asdict(one) for one in self.acts],
            "in_hand": self.in_hand,
            "left": self.left,
            "accounted_for": self.is_complete,
        }

    def __str__(self) -> str:
        """Return the repairs in words, a line for each."""
        lines = [
            f"{_VERBS[one.act][self.is_dry]}: {one.file} -> {one.to}: {one.why}"
            for one in self.acts
        ]
        if self.in_hand:
            lines.append(f"{self.in_hand:,} in hand: the next start of `digitdrop watch` reads it")
        lines += [f"left for a person: {one}" for one in self.left]
        if not self.acts:
            lines.append("nothing to do" if self.is_complete else "nothing can be done")
        if self.is_dry:
            lines.append("nothing was changed")
        elif self.is_complete:
            lines.append("every picture is accounted for")
        return "\n".join(lines)
