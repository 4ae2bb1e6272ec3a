"""What the page says above its rows: counts, charts, advice."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from digitdrop.page.charts import by_confidence, by_day, by_status
from digitdrop.page.tally import BINS, Tally
from digitdrop.page.view import LABELS

_SURE: Final = BINS - 1  # the bin of the histogram for 95 % and more


def figures(tally: Tally, now: datetime) -> dict[str, object]:
    """Give what the template needs of the counts; `now` (aware) is when the page was made."""
    shares, days, confidences = by_status(tally.statuses), by_day(tally), by_confidence(tally)
    return {
        "tally": tally,
        "labels": LABELS,
        "shares": shares,
        "statuses": [piece.status for piece in shares.pieces],
        "days": days,
        "earlier": tally.rows - sum(column.total for column in days),
        "confidences": confidences,
        "guessed": sum(column.total for column in confidences),
        "confident": confidences[_SURE].total,
        "made": moment(now),
        "made_iso": now.astimezone(UTC).isoformat(timespec="seconds"),
    }


def advice(outbox: Path) -> str:
    """Say what a person may do about the pictures that need one."""
    if (outbox / "review" / "7").is_dir():
        return (
            "Look at the picture. Move its file into review/7/ if it shows 7, or into "
            "review/none/ if it shows no single number: it then gets a row of its own. For a "
            "longer number make the folder, as in review/0042/. "
            "What is in failed/ could not be read at all."
        )
    return "They lie in review/ and failed/; move away what you have dealt with."


def moment(time: datetime) -> str:
    """Write a time for people, in UTC."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M:%S} UTC"
