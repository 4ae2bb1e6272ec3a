"""`digitdrop repair`: bring report and shelves together again."""

import json
from typing import Annotated

import typer

from digitdrop.cli.options import INBOX, OUTBOX, Inbox, Outbox
from digitdrop.system import search_path


def repair(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    foreign_claims: Annotated[
        bool,
        typer.Option(
            "--foreign-claims",
            help="Also give back what is in the hand of other outboxes' workers; only if none of "
            "them is running.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give pictures without a row back to the inbox, while no worker runs; deletes nothing.

    Example: digitdrop repair --inbox scans --outbox results --dry-run
    """
    from digitdrop.audit.repair import run_repair as bring_together
    from digitdrop.outbox.report import REPORT

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    repairs = bring_together(
        inbox, outbox, outbox / REPORT, is_dry=dry_run, foreign_claims=foreign_claims
    )
    typer.echo(json.dumps(repairs.as_dict(), indent=2) if as_json else repairs)
    raise typer.Exit(int(not repairs.is_complete))
