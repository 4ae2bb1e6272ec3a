"""Rows as the page shows them: escaped texts, times, addresses."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digitdrop.escape import printable, unescape
from digitdrop.outbox.row import COLUMNS
from digitdrop.review.store import Entry
from digitdrop.values import Status, iso

TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
"""The templates of this room; every value is escaped."""
TEMPLATES.filters["number"] = lambda count: f"{count:,}"
TEMPLATES.filters["percent"] = lambda share: f"{100 * share:.2f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row for a template or a script; a text that does not apply is empty."""

    id: str
    status: str
    """As in the report."""
    label: str
    """The status in words."""
    prediction: str
    percent: str
    """Confidence, as `98.7`."""
    second: str
    """The runner-up."""
    reason: str
    name: str
    time: str
    """ISO 8601, in UTC."""
    clock: str
    """The same for people."""
    model: str
    address: str
    """Of the row's own view."""


def shown(entry: Entry) -> ShownRow:
    """Turn a row into texts."""
    row = entry.row
    moment = row.time.astimezone(UTC)
    return ShownRow(
        id=entry.id,
        status=row.status,
        label=row.status.in_words,
        prediction=row.prediction or "",
        percent="" if row.confidence is None else f"{100 * row.confidence:.1f}",
        second=row.runner_up or "",
        reason="" if row.status is Status.CORRECTED else printable(unescape(row.reason)),
        name=printable(unescape(row.file)),
        time=iso(moment),
        clock=f"{moment:%Y-%m-%d %H:%M:%S}",
        model=printable(row.model),
        address=f"/rows/{quote(entry.id, safe='')}",
    )


def as_csv(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield rows as the report has them, with its header, in pieces."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for entry in entries:
        row = entry.row
        table.writerow(
            [
                entry.id,
                iso(row.time),
                row.file,
                row.prediction or "",
                _decimal(row.confidence),
                row.status,
                row.reason,
                row.runner_up or "",
                _decimal(row.runner_up_confidence),
                row.sha256,
                row.model,
            ]
        )
        if text.tell() > 1 << 16:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _decimal(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.4f}"
