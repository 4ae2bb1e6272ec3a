"""Turn the trace of a picture into one answer."""

from collections.abc import Iterator

from digitdrop.audit.why.diagnosis import Diagnosis, DiagnosisKind
from digitdrop.audit.why.location import Place
from digitdrop.audit.why.trace import Trace
from digitdrop.audit.why.waiting import (
    DECODE_TIMEOUT,
    deferred_diagnosis,
    outage_diagnosis,
    waiting_diagnosis,
)
from digitdrop.corrections.folders import NO_NUMBER, ODD, said_by
from digitdrop.escape import printable
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.row import Row
from digitdrop.status.needs import idle_for, is_held_long, is_idle
from digitdrop.values import Status, time_text


def diagnose(seen: Trace, *, decode_timeout: float = DECODE_TIMEOUT) -> Diagnosis:
    """Find the row of a picture, or the reason why it has none.

    Args:
        seen: the trace of the picture.
        decode_timeout: seconds to decode a picture that waits in the inbox.
    """
    match seen.location.place:
        case Place.INBOX if seen.status:
            return waiting_diagnosis(seen, seen.status, decode_timeout=decode_timeout)
        case Place.CLAIMED:
            return _claimed(seen)
        case Place.OUTBOX if seen.location.label:
            return _labelled(seen)
    if seen.rows:
        return _recorded(seen, *seen.rows[-1])
    if seen.location.place is Place.NOWHERE:
        return deferred_diagnosis(seen) or _nowhere(seen)
    return _not_dropped(seen)


def _claimed(seen: Trace) -> Diagnosis:
    since = f" since {time_text(seen.location.since)}" if seen.location.since else ""
    if seen.location.is_foreign:
        is_long = is_held_long(seen.location.since, seen.now, is_foreign=True)
        return Diagnosis(
            DiagnosisKind.STUCK if is_long else DiagnosisKind.IN_HAND,
            f"in the hand of the worker of another outbox{since}",
            "start that worker; if its outbox is gone, `digitdrop repair --foreign-claims` gives "
            "the picture back"
            if is_long
            else "",
        )
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"in hand{since}, but no worker is running: the last one ended in the middle",
            "start `digitdrop watch`: it reads what was in hand first",
        )
    return (
        deferred_diagnosis(seen)
        or _long_claimed(seen, since)
        or Diagnosis(DiagnosisKind.IN_HAND, f"in hand{since}: its row comes in a moment")
    )


def _long_claimed(seen: Trace, since: str) -> Diagnosis | None:
    if not seen.worker or not is_held_long(seen.location.since, seen.now):
        return None
    if outage := outage_diagnosis(seen, f"in hand{since}, and"):
        return outage
    if not is_idle(seen.worker, seen.now):
        return Diagnosis(
            DiagnosisKind.IN_HAND, f"in hand{since}: it takes long, others are read meanwhile"
        )
    return Diagnosis(
        DiagnosisKind.STUCK,
        f"in hand{since}, and the worker has written no row for "
        f"{idle_for(seen.worker, seen.now):,.0f} s",
        "look for its name in the worker's log",
    )


def _labelled(seen: Trace) -> Diagnosis:
    if deferred := deferred_diagnosis(seen):
        return deferred
    text = f"a person says that it shows {_shown(said_by(seen.location.label))}"
    if not seen.rows:
        return Diagnosis(
            DiagnosisKind.UNKNOWN,
            f"{text}, but no row of the report has its content",
            "put the picture as it was dropped there; one that was changed is another",
        )
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"{text}; no worker is running to note it",
            "start `digitdrop watch`",
        )
    return Diagnosis(DiagnosisKind.LABELLED, f"{text}: noted in a moment")


def _recorded(seen: Trace, row_id: str, row: Row) -> Diagnosis:
    text = f"{_reading(row)}; recorded {time_text(row.time)} as {row_id}; {_archived(seen, row)}"
    is_open = ARCHIVE_FOLDERS[row.status] != "done" and seen.archived is not None
    if row.status is Status.UNREADABLE:
        to_do = "if a viewer shows the picture, save it anew as PNG or JPEG and drop that"
        return Diagnosis(DiagnosisKind.FAILED, text, to_do, is_open)
    review = seen.outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN]
    to_do = (
        f"look at it: if it shows 7, move it into {review / '7'}; "
        f"if it shows no single number, into {review / NO_NUMBER}"
    )
    return Diagnosis(DiagnosisKind.READ, text, to_do if is_open else "", is_open)


def _reading(row: Row) -> str:
    share = "" if row.confidence is None else f" ({100 * row.confidence:.1f} %)"
    match row.status:
        case Status.OK:
            return f"read: {row.prediction}, ok{share}"
        case Status.CORRECTED:
            return f"read, and put right by a person: it shows {_shown(row.prediction)}"
        case Status.UNCERTAIN:
            return f"read: perhaps {row.prediction}{share}; uncertain: {row.reason}"
        case Status.UNREADABLE:
            return f"it could not be read: {row.reason}"
    return f"read, without an answer: {row.status.in_words}: {row.reason}"


def _shown(prediction: str | None) -> str:
    return "no single number" if prediction is None else prediction


def _archived(seen: Trace, row: Row) -> str:
    return " ".join(_archived_parts(seen, row))


def _archived_parts(seen: Trace, row: Row) -> Iterator[str]:
    folder = ARCHIVE_FOLDERS[row.status]
    if seen.location.odd:
        yield f"a person moved it into review/{printable(seen.location.odd)}, {ODD}"
    elif seen.archived:
        yield f"the picture lies in {printable(str(seen.archived))}"
    elif folder == "done" and seen.cleared and row.time.date() <= seen.cleared:
        yield "the picture was deleted since by --keep-done"
    else:
        yield f"the picture is not in {folder}/ any more: somebody took it"
    pictures = sum(not earlier.corrects for _, earlier in seen.rows)
    if pictures > 1:
        yield f"(the last of {pictures} pictures that were dropped under that name)"
    elif len(seen.rows) > 1:
        yield f"(the last of {len(seen.rows)} rows about it)"


def _nowhere(seen: Trace) -> Diagnosis:
    if seen.location.unread:
        return Diagnosis(
            DiagnosisKind.REFUSED,
            f"cannot say: {seen.location.unread}",
            "ask as the user that runs the worker, and see that this one may look into it",
        )
    return Diagnosis(
        DiagnosisKind.UNKNOWN,
        f"neither in the inbox {seen.inbox} nor in hand, and no row of the report has that name",
        "check the name; was it dropped into another inbox, is --inbox right, is --outbox?",
    )


def _not_dropped(seen: Trace) -> Diagnosis:
    if seen.location.unread:
        return Diagnosis(
            DiagnosisKind.NOT_DROPPED,
            f"it does not lie in the inbox {seen.inbox}, and {seen.location.unread}",
            "ask for the picture that was dropped, or for its name",
        )
    if seen.location.place is Place.OUTBOX:
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
