"""`digitdrop settings`: every setting, its value, and its origin."""

from dataclasses import asdict
from typing import Annotated

import typer
from typer.core import TyperCommand

from digitdrop.cli.console import print_json, print_table
from digitdrop.cli.options import AsJson
from digitdrop.cli.settings import (
    Setting,
    all_settings,
    command_settings,
    commands,
    parse,
    parse_alone,
)
from digitdrop.errors import SetupError
from digitdrop.system import cores

_COMMAND = "watch"  # options without a command are this one's


def settings(
    context: typer.Context,
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND [OPTION...]]", help="As it would run; else all commands."
        ),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The settings of this installed service instead."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show every setting, its value, and where it comes from.

    Example: digitdrop settings

    Example: digitdrop settings watch --inbox scans

    Example: digitdrop settings --service digitdrop
    """
    known = commands(context)
    if service:
        from digitdrop.systemd.systemctl import checked_name, installed

        name = checked_name(service)
        arguments = installed(name, None).arguments(name)
        found = [*command_settings(parse_alone(known[_COMMAND], _COMMAND, arguments))]
    elif command and command.startswith("-"):
        found = _of(known, _COMMAND, [command, *context.args])
    elif command:
        found = _of(known, command, context.args)
    else:
        found = all_settings(known)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = (
        (one.option, one.value or "none", one.origin, one.variable, ", ".join(one.commands))
        for one in found
    )
    headings = ("setting", "value", "from", "environment variable", "commands")
    print_table(rows, headings=headings, width=140, bold=True)
    typer.echo(f"cores: {cores.describe_cores()}")


def _of(known: dict[str, TyperCommand], name: str, arguments: list[str]) -> list[Setting]:
    if name not in known:
        raise SetupError(f"there is no command {name!r}: expected one of {', '.join(known)}")
    return [*command_settings(parse(known[name], name, arguments))]
