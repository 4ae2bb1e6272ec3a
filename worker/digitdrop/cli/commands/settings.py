"""`digitdrop settings`: every setting, its value, and where it comes from."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from typer.core import TyperCommand

from digitdrop.cli.settings import Setting, all_settings, commands, parse, parse_alone
from digitdrop.cli.settings import command_settings as of_command
from digitdrop.errors import SetupError
from digitdrop.system import cores

_COMMAND = "watch"  # whose options are meant where no command is named


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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
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
        given = installed(name, None).arguments(name)
        found = list(of_command(known[_COMMAND], parse_alone(known[_COMMAND], _COMMAND, given)))
    elif command and command.startswith("-"):
        found = _of(known, _COMMAND, [command, *context.args])
    elif command:
        found = _of(known, command, context.args)
    else:
        found = all_settings(known)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        _show(found)


def _of(known: dict[str, TyperCommand], name: str, arguments: list[str]) -> list[Setting]:
    if name not in known:
        raise SetupError(f"there is no command {name!r}: expected one of {', '.join(known)}")
    return list(of_command(known[name], parse(known[name], name, arguments)))


def _show(found: list[Setting]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    view = Table(box=box.SIMPLE_HEAD)
    for heading in ("setting", "value", "from", "environment variable", "commands"):
        view.add_column(heading, overflow="fold", no_wrap=heading == "setting")
    for one in found:
        value = "none" if one.value is None else one.value
        cells = (one.option, value, one.origin, one.variable, ", ".join(one.commands))
        style = "" if one.origin == "default" else "bold"
        view.add_row(*(Text(cell, style=style) for cell in cells))
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(view)
    console.print(Text(f"cores: {cores.describe_cores()}"))
