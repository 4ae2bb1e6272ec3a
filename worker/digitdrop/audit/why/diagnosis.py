"""Why is my picture not read? What can be seen of it -> one answer."""

from digitdrop.audit.why.answer import Answer, Kind
from digitdrop.audit.why.deferred import deferred
from digitdrop.audit.why.in_hand import in_hand
from digitdrop.audit.why.location import Place
from digitdrop.audit.why.outcome import became, shown_as
from digitdrop.audit.why.reasons import waits
from digitdrop.audit.why.trace import Trace
from digitdrop.corrections.folders import said_by


def why(seen: Trace) -> Answer:
    """Say what became of a picture, or what keeps it from being read."""
    match seen.spot.place:
        case Place.INBOX if seen.waiting:
            return waits(seen, seen.waiting)
        case Place.HAND:
            return in_hand(seen)
        case Place.OUTBOX if seen.spot.label:
            return _labelled(seen)
    if seen.rows:
        return became(seen, seen.rows[-1])
    if seen.spot.place is Place.NOWHERE:
        return deferred(seen) or _nowhere(seen)
    return _not_dropped(seen)


def _nowhere(seen: Trace) -> Answer:
    if seen.spot.unread:
        return Answer(
            Kind.REFUSED,
            f"cannot say: {seen.spot.unread}",
            "ask as the user that runs the worker, and see that this one may look into it",
        )
    return Answer(
        Kind.UNKNOWN,
        f"neither in the inbox {seen.inbox} nor in hand, and no row of the report has that name",
        "check the name; was it dropped into another inbox, is --inbox right, is --outbox?",
    )


def _not_dropped(seen: Trace) -> Answer:
    if seen.spot.unread:
        return Answer(
            Kind.NOT_DROPPED,
            f"it does not lie in the inbox {seen.inbox}, and {seen.spot.unread}",
            "ask for the picture that was dropped, or for its name",
        )
    if seen.spot.place is Place.OUTBOX:
        return Answer(
            Kind.UNKNOWN,
            "it lies in the outbox, and no row of the report has its content",
            f"drop it into {seen.inbox}, or let `digitdrop repair` do so",
        )
    return Answer(
        Kind.NOT_DROPPED,
        f"it does not lie in the inbox {seen.inbox}, and no row of the report has its content",
        f"copy or move it into {seen.inbox}",
    )


def _labelled(seen: Trace) -> Answer:
    if answer := deferred(seen):
        return answer
    shows = shown_as(said_by(seen.spot.label))
    if not seen.rows:
        return Answer(
            Kind.UNKNOWN,
            f"a person says that it shows {shows}, but no row of the report has its content",
            "put the picture as it was dropped there; one that was changed is another",
        )
    if seen.holder is None:
        return Answer(
            Kind.STUCK,
            f"a person says that it shows {shows}; no worker is running to note it",
            "start `digitdrop watch`",
        )
    return Answer(Kind.LABELLED, f"a person says that it shows {shows}: noted in a moment")
