"""`digitdrop verify`: is every picture accounted for?"""

import json
from typing import Annotated

import typer

from digitdrop.cli.options import INBOX, OUTBOX, Inbox, Outbox
from digitdrop.system import search_path


def verify(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reconcile inbox, claimed files and outbox with the report: is every picture there?

    Example: digitdrop verify --inbox scans --outbox results
    """
    from digitdrop.audit.verify import audit_outbox as reconcile
    from digitdrop.outbox.report import REPORT

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    account = reconcile(inbox, outbox, outbox / REPORT)
    typer.echo(json.dumps(account.as_dict(), indent=2) if as_json else account)
    raise typer.Exit(int(not account.is_complete))
