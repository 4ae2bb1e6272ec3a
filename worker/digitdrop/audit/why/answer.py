"""Why a picture is not read, or what became of it: one answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DiagnosisKind(StrEnum):
    """What an answer comes to."""

    READ = "read"
    FAILED = "failed"
    IN_HAND = "in_hand"
    WAITING = "waiting"
    CHANGING = "changing"
    CUT_SHORT = "cut_short"
    LABELLED = "labelled"
    FOLDER = "folder"
    IGNORED = "ignored"
    REFUSED = "refused"
    STUCK = "stuck"
    NOT_DROPPED = "not_dropped"
    UNKNOWN = "unknown"


_BY_ITSELF: Final = {
    DiagnosisKind.READ,
    DiagnosisKind.FAILED,
    DiagnosisKind.IN_HAND,
    DiagnosisKind.WAITING,
    DiagnosisKind.CHANGING,
    DiagnosisKind.CUT_SHORT,
    DiagnosisKind.LABELLED,
    DiagnosisKind.FOLDER,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a picture is not read, or that it is."""

    kind: DiagnosisKind
    text: str
    """In words, for a person; follows the file's name."""
    to_do: str = ""
    """What a person can do; empty if there is nothing to do."""
    is_open: bool = False
    """Whether the picture has its row, and lies where it waits for a person."""

    @property
    def needs_person(self) -> bool:
        """Whether the picture waits for a person: to be looked at, or to be read at all."""
        return self.is_open or self.kind not in _BY_ITSELF
