"""The worker's commands in one Typer app; each is a file in `commands/`."""

from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from digitdrop.cli.commands.batch import batch
from digitdrop.cli.commands.corrections import corrections
from digitdrop.cli.commands.evaluate import evaluate
from digitdrop.cli.commands.predict import predict
from digitdrop.cli.commands.repair import repair
from digitdrop.cli.commands.report import report
from digitdrop.cli.commands.review import review
from digitdrop.cli.commands.service import service_app
from digitdrop.cli.commands.settings import settings
from digitdrop.cli.commands.status import status
from digitdrop.cli.commands.verify import verify
from digitdrop.cli.commands.watch import watch
from digitdrop.cli.commands.why import why
from digitdrop.system.version import installed_version

ENTRY_POINTS: Final = "digitdrop.commands"
"""Group of entry points for the commands of other packages; each names a Typer function."""
_HELP: Final = {"help_option_names": ["-h", "--help"]}


class Group(TyperGroup):
    """The commands of this package, then those of other packages.

    To read the list of installed packages takes 0.04 s, so it is read only if a command is not
    one of this package, or all are listed.
    """

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        return own or next((_command(one) for one in _others() if one.name == cmd_name), None)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, other packages' last."""
        return [*super().list_commands(ctx), *(one.name for one in _others())]


def _others() -> list[EntryPoint]:
    return sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name)


def _command(found: EntryPoint) -> TyperCommand:
    alone = typer.Typer(context_settings=_HELP)
    alone.command(found.name)(found.load())
    return cast("TyperCommand", get_command(alone))


app = typer.Typer(
    name="digitdrop",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
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
    review,
):  # fmt: skip
    app.command()(command)
app.add_typer(service_app, name="service")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(settings)
