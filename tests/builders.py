"""Small makers of what the tests need; each argument that matters is named where it is used."""

from datetime import UTC, datetime
from pathlib import Path

from digitdrop.intake.claim_names import row_id
from digitdrop.values import Drop, Reading, Status, Verdict

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def a_drop(path: Path, name: str = "", *, batch: str = "b") -> Drop:
    """Make a drop in hand."""
    name = name or path.name
    return Drop(id=row_id(batch, name), path=path, name=name)


def a_reading(
    name: str = "seven.png", *, row: str | None = None, status: Status = Status.OK
) -> Reading:
    """Make a row of the report."""
    drop = a_drop(Path("nowhere") / name, name)
    return Reading(
        id=row or drop.id or "",
        drop=drop,
        time=NOON,
        verdict=Verdict(status=status, prediction="7", confidence=0.98765, runner_up="1"),
        sha256="a" * 64,
        model="digits-0123abcd",
    )
