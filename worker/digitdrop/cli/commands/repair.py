"""`digitdrop repair`: make report and outbox agree again."""

from typing import Annotated

import typer

from digitdrop.cli.console import print_json
from digitdrop.cli.options import INBOX, OUTBOX, AsJson, Inbox, Outbox
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
    as_json: AsJson = False,
) -> None:
    """Give pictures without a row back to the inbox, while no worker runs; deletes nothing.

    Example: digitdrop repair --inbox scans --outbox results --dry-run
    """
    from digitdrop.audit.repair import run_repair
    from digitdrop.outbox.report import REPORT

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    repairs = run_repair(
        inbox, outbox, outbox / REPORT, is_dry=dry_run, foreign_claims=foreign_claims
    )
    if as_json:
        print_json(repairs.as_dict())
    else:
        typer.echo(repairs)
    raise typer.Exit(int(not repairs.is_complete))
