"""The answer to `digitdrop why`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DiagnosisKind(StrEnum):
    """The kinds of answer; the key `answer` of `why --json`."""

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


_NEED_A_PERSON: Final = {
    DiagnosisKind.IGNORED,
    DiagnosisKind.REFUSED,
    DiagnosisKind.STUCK,
    DiagnosisKind.NOT_DROPPED,
    DiagnosisKind.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The reason why a picture is not read, or its row."""

    kind: DiagnosisKind
    text: str
    """In words, for a person; follows the file's name."""
    to_do: str = ""
    """The remedy for a person; empty if there is nothing to do."""
    is_open: bool = False
    """True if the picture has its row, and lies in a folder where it waits for a person."""

    @property
    def needs_person(self) -> bool:
        """True if a person must look at the picture, or must act before it is read."""
        return self.is_open or self.kind in _NEED_A_PERSON
