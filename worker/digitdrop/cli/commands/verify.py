"""`digitdrop verify`: account for every picture."""

import typer

from digitdrop.cli.console import print_json
from digitdrop.cli.options import INBOX, OUTBOX, AsJson, Inbox, Outbox
from digitdrop.system import search_path


def verify(inbox: Inbox = INBOX, outbox: Outbox = OUTBOX, as_json: AsJson = False) -> None:
    """Reconcile inbox, claimed files and outbox with the report: is every picture there?

    Example: digitdrop verify --inbox scans --outbox results
    """
    from digitdrop.audit.verify import audit_outbox
    from digitdrop.outbox.report import REPORT

    search_path.refuse_program_folders(inbox=inbox, outbox=outbox)
    account = audit_outbox(inbox, outbox, outbox / REPORT)
    if as_json:
        print_json(account.as_dict())
    else:
        typer.echo(account)
    raise typer.Exit(int(not account.is_complete))
