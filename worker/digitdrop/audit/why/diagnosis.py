"""Why is my picture not read? What can be seen of it -> one answer."""

from digitdrop.audit.why.answer import Diagnosis, DiagnosisKind
from digitdrop.audit.why.deferred import deferred_diagnosis
from digitdrop.audit.why.in_hand import claimed_diagnosis
from digitdrop.audit.why.location import Place
from digitdrop.audit.why.outcome import outcome, shown_as
from digitdrop.audit.why.reasons import waiting_diagnosis
from digitdrop.audit.why.trace import Trace
from digitdrop.corrections.folders import said_by


def diagnose(seen: Trace) -> Diagnosis:
    """Say what became of a picture, or what keeps it from being read."""
    match seen.spot.place:
        case Place.INBOX if seen.waiting:
            return waiting_diagnosis(seen, seen.waiting)
        case Place.HAND:
            return claimed_diagnosis(seen)
        case Place.OUTBOX if seen.spot.label:
            return _labelled(seen)
    if seen.rows:
        return outcome(seen, seen.rows[-1])
    if seen.spot.place is Place.NOWHERE:
        return deferred_diagnosis(seen) or _nowhere(seen)
    return _not_dropped(seen)


def _nowhere(seen: Trace) -> Diagnosis:
    if seen.spot.unread:
        return Diagnosis(
            DiagnosisKind.REFUSED,
            f"cannot say: {seen.spot.unread}",
            "ask as the user that runs the worker, and see that this one may look into it",
        )
    return Diagnosis(
        DiagnosisKind.UNKNOWN,
        f"neither in the inbox {seen.inbox} nor in hand, and no row of the report has that name",
        "check the name; was it dropped into another inbox, is --inbox right, is --outbox?",
    )


def _not_dropped(seen: Trace) -> Diagnosis:
    if seen.spot.unread:
        return Diagnosis(
            DiagnosisKind.NOT_DROPPED,
            f"it does not lie in the inbox {seen.inbox}, and {seen.spot.unread}",
            "ask for the picture that was dropped, or for its name",
        )
    if seen.spot.place is Place.OUTBOX:
        return Diagnosis(
            DiagnosisKind.UNKNOWN,
            "it lies in the outbox, and no row of the report has its content",
            f"drop it into {seen.inbox}, or let `digitdrop repair` do so",
        )
    return Diagnosis(
        DiagnosisKind.NOT_DROPPED,
        f"it does not lie in the inbox {seen.inbox}, and no row of the report has its content",
        f"copy or move it into {seen.inbox}",
    )


def _labelled(seen: Trace) -> Diagnosis:
    if answer := deferred_diagnosis(seen):
        return answer
    shows = shown_as(said_by(seen.spot.label))
    if not seen.rows:
        return Diagnosis(
            DiagnosisKind.UNKNOWN,
            f"a person says that it shows {shows}, but no row of the report has its content",
            "put the picture as it was dropped there; one that was changed is another",
        )
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"a person says that it shows {shows}; no worker is running to note it",
            "start `digitdrop watch`",
        )
    return Diagnosis(
        DiagnosisKind.LABELLED, f"a person says that it shows {shows}: noted in a moment"
    )
