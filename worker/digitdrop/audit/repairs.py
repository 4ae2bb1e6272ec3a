"""What `repair` did, or would do, and what it leaves for a person."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

RepairKind: TypeAlias = Literal["give_back", "file_away"]


@dataclass(frozen=True, slots=True)
class Act:
    """One picture that was moved, or would be."""

    kind: RepairKind
    file: str
    """Where it lay, as a person may read it."""
    to: str
    why: str


@dataclass(slots=True)
class Repairs:
    """What was done, and what is left."""

    is_dry: bool
    acts: list[Act] = field(default_factory=list)
    in_hand: int = 0
    """Files in hand without a row, which the next start of the worker reads."""
    left: list[str] = field(default_factory=list)
    """What only a person can put right."""

    @property
    def is_complete(self) -> bool:
        """Whether every picture is accounted for afterwards."""
        return not self.left

    def as_dict(self) -> dict[str, object]:
        """Give it as JSON would have it."""
        acts = [{"act": one.kind, "file": one.file, "to": one.to, "why": one.why}
                for one in self.acts]  # fmt: skip
        return {
            "dry_run": self.is_dry,
            "acts": acts,
            "in_hand": self.in_hand,
            "left": self.left,
            "accounted_for": self.is_complete,
        }

    def __str__(self) -> str:
        """Say it in words, a line for each act."""
        lines = [f"{_verb(one.kind, self.is_dry)}: {one.file} -> {one.to}: {one.why}"
                 for one in self.acts]  # fmt: skip
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


def _verb(kind: RepairKind, is_dry: bool) -> str:
    done, would = {
        "give_back": ("given back to the inbox", "would give back to the inbox"),
        "file_away": ("filed away", "would file away"),
    }[kind]
    return would if is_dry else done
