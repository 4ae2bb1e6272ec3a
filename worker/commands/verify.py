"""`digitdrop verify`: is every picture accounted for?"""

import json
from typing import Annotated

import typer

from worker import search_path
from worker.options import INBOX, OUTBOX, Inbox, Outbox


def verify(
    inbox: Inbox = INBOX,
    outbox: Outbox = OUTBOX,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reconcile inbox, claimed files and outbox with the report: is every picture there?

    Example: digitdrop verify --inbox scans --outbox results
    """
    from worker.record import REPORT
    from worker.verify import verify as reconcile

    search_path.check(inbox=inbox, outbox=outbox)
    account = reconcile(inbox, outbox, outbox / REPORT)
    typer.echo(json.dumps(account.as_dict(), indent=2) if as_json else account)
    raise typer.Exit(int(not account.is_complete))
