"""The worker's commands in one Typer app; each is a file in `commands/`."""

from typing import Annotated

import typer

from digitdrop.cli.commands.batch import batch
from digitdrop.cli.commands.corrections import corrections
from digitdrop.cli.commands.evaluate import evaluate
from digitdrop.cli.commands.predict import predict
from digitdrop.cli.commands.repair import repair
from digitdrop.cli.commands.report import report
from digitdrop.cli.commands.service import service_app as service
from digitdrop.cli.commands.settings import settings
from digitdrop.cli.commands.status import status
from digitdrop.cli.commands.verify import verify
from digitdrop.cli.commands.watch import watch
from digitdrop.cli.commands.why import why
from digitdrop.cli.group import Group
from digitdrop.system.version import installed_version

app = typer.Typer(
    name="digitdrop",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digitdrop {installed_version()}")
        raise typer.Exit


@app.callback()
def digitdrop(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Drop pictures of handwritten digits into a folder; read the answers in a CSV."""


for command in (
    watch, status, why, batch, predict, evaluate, verify, repair, corrections, report,
):  # fmt: skip
    app.command()(command)
app.add_typer(service, name="service")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(settings)
