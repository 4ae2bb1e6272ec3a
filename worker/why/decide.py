"""Why is my picture not read? What can be seen of it -> one answer."""

from worker.why.answer import Answer, Kind
from worker.why.became import became, moment
from worker.why.spot import Place
from worker.why.trace import Trace
from worker.why.waits import waits


def why(seen: Trace) -> Answer:
    """Say what became of a picture, or what keeps it from being read."""
    match seen.spot.place:
        case Place.INBOX if seen.waiting:
            return waits(seen, seen.waiting)
        case Place.HAND:
            return _in_hand(seen)
        case Place.OUTBOX if seen.spot.label:
            return _labelled(seen)
    if seen.rows:
        return became(seen, seen.rows[-1])
    if seen.spot.place is Place.NOWHERE:
        return Answer(
            Kind.UNKNOWN,
            f"neither in the inbox {seen.inbox} nor in hand, and no row of the report has that "
            "name",
            "check the name; was it dropped into another inbox, is --inbox right, is --outbox?",
        )
    return Answer(
        Kind.NOT_DROPPED,
        f"it does not lie in the inbox {seen.inbox}, and no row of the report has its content",
        f"copy or move it into {seen.inbox}",
    )


def _in_hand(seen: Trace) -> Answer:
    since = f" since {moment(seen.spot.since)}" if seen.spot.since else ""
    if seen.holder is None:
        return Answer(
            Kind.STUCK,
            f"in hand{since}, but no worker is running: the last one ended in the middle",
            "start `digitdrop watch`: it reads what was in hand first",
        )
    return Answer(Kind.IN_HAND, f"in hand{since}: its row comes in a moment")


def _labelled(seen: Trace) -> Answer:
    shows = "no single digit" if seen.spot.label == "none" else f"a {seen.spot.label}"
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
