"""What keeps a picture in hand, in words."""

from digitdrop.audit.why.answer import Answer, Kind
from digitdrop.audit.why.deferred import deferred
from digitdrop.audit.why.outcome import moment
from digitdrop.audit.why.trace import Trace
from digitdrop.status.needs import idle_for, is_held_long, is_idle


def in_hand(seen: Trace) -> Answer:
    """Say since when a picture is in hand, and whether anybody works on it."""
    since = f" since {moment(seen.spot.since)}" if seen.spot.since else ""
    if seen.spot.is_foreign:
        return _foreign(seen, since)
    if seen.holder is None:
        return Answer(
            Kind.STUCK,
            f"in hand{since}, but no worker is running: the last one ended in the middle",
            "start `digitdrop watch`: it reads what was in hand first",
        )
    return (
        deferred(seen)
        or _long(seen, since)
        or Answer(Kind.IN_HAND, f"in hand{since}: its row comes in a moment")
    )


def _foreign(seen: Trace, since: str) -> Answer:
    text = f"in the hand of the worker of another outbox{since}"
    if not is_held_long(seen.spot.since, seen.now, is_foreign=True):
        return Answer(Kind.IN_HAND, text)
    return Answer(
        Kind.STUCK,
        text,
        "start that worker; if its outbox is gone, `digitdrop repair --foreign-claims` gives "
        "the picture back",
    )


def _long(seen: Trace, since: str) -> Answer | None:
    """Say why it takes longer than a picture does; None if it does not."""
    if not seen.told or not is_held_long(seen.spot.since, seen.now):
        return None
    for text, at in seen.told.trouble.items():
        return Answer(
            Kind.STUCK,
            f"in hand{since}, and the worker {text} (since {at})",
            "put that right; the worker goes on by itself",
        )
    if not is_idle(seen.told, seen.now):
        return Answer(Kind.IN_HAND, f"in hand{since}: it takes long, others are read meanwhile")
    return Answer(
        Kind.STUCK,
        f"in hand{since}, and the worker has written no row for "
        f"{idle_for(seen.told, seen.now):,.0f} s",
        "look for its name in the worker's log",
    )
