"""`digitdrop status`: the state of the worker."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from digitdrop.cli.console import print_json, print_styled, print_table
from digitdrop.cli.options import INBOX, OUTBOX, AsJson, Inbox, Outbox
from digitdrop.errors import FolderError
from digitdrop.escape import escape, printable
from digitdrop.system import search_path
from digitdrop.values import count_text, iso

if TYPE_CHECKING:
    from digitdrop.intake.listing import Survey
    from digitdrop.status.status import Condition


def status(inbox: Inbox = INBOX, outbox: Outbox = OUTBOX, as_json: AsJson = False) -> None:
    """Show the state of the worker; exit code 1 if something needs a person.

    Example: digitdrop status --inbox scans --outbox results
    """
    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    condition, found = examine_worker(inbox, outbox)
    if as_json:
        print_json(as_dict(condition, found))
    else:
        print_condition(condition, found)
    raise typer.Exit(int(bool(found)))


def examine_worker(inbox: Path, outbox: Path) -> tuple["Condition", list[str]]:
    """Read the state of a worker, and a line for each thing that needs a person.

    Raises:
        SetupError: something may not be looked at.
    """
    from digitdrop.status.needs import needs
    from digitdrop.status.status import read_condition

    try:
        condition = read_condition(inbox, outbox, datetime.now(UTC))
    except OSError as error:
        raise FolderError(f"cannot look at {error.filename}: {error.strerror}") from error
    return condition, needs(condition)


def as_dict(condition: "Condition", found: list[str]) -> dict[str, object]:
    """Return the state of a worker for JSON."""
    survey, rows = condition.survey, condition.rows
    return {
        "well": not found,
        "needs": found,
        "running": condition.holder is not None,
        "holder": condition.holder,
        "worker": asdict(condition.worker) if condition.worker else None,
        "waiting": survey.waiting,
        "in_hand": condition.in_hand,
        "in_foreign_hand": condition.claims.foreign,
        "oldest": {"file": escape(survey.oldest.name), "seconds": round(condition.oldest_age, 1)}
        if survey.oldest
        else None,
        "left_alone": {
            rule.name.lower(): {"files": count, "example": printable(survey.examples[rule])}
            for rule, count in survey.left_alone.most_common()
        },
        "cannot_be_listed": {printable(name): why for name, why in survey.refused.items()},
        "to_review": condition.to_review,
        "rows": {
            "total": dict(rows.total),
            "today": dict(rows.today),
            "last_minute": rows.last_minute,
            "last": rows.last or None,
        },
        "report_writable": condition.is_writable,
        "disk_free": condition.free,
        "time": iso(condition.now),
    }


def print_condition(condition: "Condition", found: list[str]) -> None:
    """Print the state of a worker as a table, and below it all that needs a person."""
    print_table(_lines(condition), width=100)
    for one in found:
        print_styled(f"! {one}", "bold red")
    if not found:
        print_styled("all is well", "green")


def _lines(condition: "Condition") -> Iterator[tuple[str, str]]:
    worker, rows, survey = condition.worker, condition.rows, condition.survey
    yield "worker", f"running: {condition.holder}" if condition.holder else "not running"
    if worker:
        yield "looking", worker.looking + "; not ready yet" * (not worker.is_ready)
        yield "model", worker.model
        yield "this run", _counts(worker.read)
    yield "waiting", f"{survey.waiting:,} in the inbox, {condition.in_hand:,} in hand"
    if survey.oldest:
        yield "oldest", f"{escape(survey.oldest.name)}, for {condition.oldest_age:,.0f} s"
    if survey.left_alone:
        yield "left alone", _left_alone(survey)
    yield "to review", _counts(condition.to_review)
    yield "today", _counts(rows.today)
    yield "in all", _counts(rows.total)
    yield "rate", f"{rows.last_minute:,} in the last minute ({rows.last_minute / 60:.1f} a second)"
    yield "last row", rows.last or "none"
    yield "report", "writable" if condition.is_writable else "not writable"
    yield (
        "disk left",
        ", ".join(f"{_room(free)} ({name})" for name, free in condition.free.items()),
    )


def _left_alone(survey: "Survey") -> str:
    """Count the ignored files by rule, each rule with an example for `digitdrop why`."""
    kinds = ", ".join(
        f"{count:,} {rule.name.lower().replace('_', ' ')}: {printable(survey.examples[rule])}"
        for rule, count in survey.left_alone.most_common()
    )
    return f"{survey.left_alone.total():,} ({kinds}); `digitdrop why NAME` says why"


def _counts(counts: Mapping[str, int]) -> str:
    parts = count_text(counts)
    return f"{sum(counts.values()):,}" + f": {parts}" * bool(parts)


def _room(free: int | None) -> str:
    return "away" if free is None else f"{free / 2**30:,.1f} GiB"
