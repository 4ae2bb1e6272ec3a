"""What became of a picture that has its row, in words."""

from collections.abc import Iterator
from datetime import UTC, datetime

from digitdrop.audit.why.answer import Answer, Kind
from digitdrop.audit.why.history import Recorded
from digitdrop.audit.why.trace import Trace
from digitdrop.corrections.folders import NO_NUMBER, ODD
from digitdrop.escape import printable
from digitdrop.outbox.archive import SHELVES
from digitdrop.values import Status


def became(seen: Trace, recorded: Recorded) -> Answer:
    """Say what a row says of a picture, and where that lies."""
    row_id, row = recorded
    where = " ".join(_where(seen, recorded))
    record = f"recorded {moment(row.time)} as {row_id}"
    waits = seen.shelved is not None  # a person who has taken it has dealt with it
    if row.status is Status.UNREADABLE:
        return Answer(
            Kind.FAILED,
            f"it could not be read: {row.reason}; {record}; {where}",
            "if a viewer shows the picture, save it anew as PNG or JPEG and drop that",
            is_open=waits,
        )
    if SHELVES[row.status] == SHELVES[Status.UNCERTAIN] and waits:
        review = seen.outbox / SHELVES[row.status]
        to_do = (
            f"look at it: if it shows 7, move it into {review / '7'}; "
            f"if it shows no single number, into {review / NO_NUMBER}"
        )
        return Answer(Kind.READ, f"{_said(recorded)}; {record}; {where}", to_do, is_open=True)
    return Answer(Kind.READ, f"{_said(recorded)}; {record}; {where}")


def _said(recorded: Recorded) -> str:
    _, row = recorded
    share = "" if row.confidence is None else f" ({100 * row.confidence:.1f} %)"
    match row.status:
        case Status.OK:
            return f"read: {row.prediction}, ok{share}"
        case Status.CORRECTED:
            return f"read, and put right by a person: it shows {shown_as(row.prediction)}"
        case Status.UNCERTAIN:
            return f"read: perhaps {row.prediction}{share}; uncertain: {row.reason}"
    return f"read, without an answer: {row.status}: {row.reason}"


def shown_as(prediction: str | None) -> str:
    """Write what a person says that a picture shows."""
    return "no single number" if prediction is None else prediction


def _where(seen: Trace, recorded: Recorded) -> Iterator[str]:
    _, row = recorded
    if seen.spot.odd:
        yield f"a person moved it into review/{printable(seen.spot.odd)}, {ODD}"
    elif seen.shelved:
        yield f"the picture lies in {printable(str(seen.shelved))}"
    elif SHELVES[row.status] == "done" and seen.cleared and row.time.date() <= seen.cleared:
        yield "the picture was deleted since by --keep-done"
    else:
        yield f"the picture is not in {SHELVES[row.status]}/ any more: somebody took it"
    pictures = sum(not earlier.corrects for _, earlier in seen.rows)
    if pictures > 1:
        yield f"(the last of {pictures} pictures that were dropped under that name)"
    elif len(seen.rows) > 1:
        yield f"(the last of {len(seen.rows)} rows about it)"


def moment(time: datetime) -> str:
    """Write a time for people, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
