"""What keeps a picture in hand, in words."""

from digitdrop.audit.why.answer import Diagnosis, DiagnosisKind
from digitdrop.audit.why.deferred import deferred_diagnosis
from digitdrop.audit.why.outcome import time_text
from digitdrop.audit.why.trace import Trace
from digitdrop.status.needs import idle_for, is_held_long, is_idle


def claimed_diagnosis(seen: Trace) -> Diagnosis:
    """Say since when a picture is in hand, and whether anybody works on it."""
    since = f" since {time_text(seen.spot.since)}" if seen.spot.since else ""
    if seen.spot.is_foreign:
        return _foreign(seen, since)
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"in hand{since}, but no worker is running: the last one ended in the middle",
            "start `digitdrop watch`: it reads what was in hand first",
        )
    return (
        deferred_diagnosis(seen)
        or _long(seen, since)
        or Diagnosis(DiagnosisKind.IN_HAND, f"in hand{since}: its row comes in a moment")
    )


def _foreign(seen: Trace, since: str) -> Diagnosis:
    text = f"in the hand of the worker of another outbox{since}"
    if not is_held_long(seen.spot.since, seen.now, is_foreign=True):
        return Diagnosis(DiagnosisKind.IN_HAND, text)
    return Diagnosis(
        DiagnosisKind.STUCK,
        text,
        "start that worker; if its outbox is gone, `digitdrop repair --foreign-claims` gives "
        "the picture back",
    )


def _long(seen: Trace, since: str) -> Diagnosis | None:
    """Say why it takes longer than a picture does; None if it does not."""
    if not seen.told or not is_held_long(seen.spot.since, seen.now):
        return None
    for text, at in seen.told.trouble.items():
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"in hand{since}, and the worker {text} (since {at})",
            "put that right; the worker goes on by itself",
        )
    if not is_idle(seen.told, seen.now):
        return Diagnosis(
            DiagnosisKind.IN_HAND, f"in hand{since}: it takes long, others are read meanwhile"
        )
    return Diagnosis(
        DiagnosisKind.STUCK,
        f"in hand{since}, and the worker has written no row for "
        f"{idle_for(seen.told, seen.now):,.0f} s",
        "look for its name in the worker's log",
    )
