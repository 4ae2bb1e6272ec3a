"""The settings of commands, with their value and its origin, read off the commands' options."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Final, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from digitdrop.cli.quantities import age_text, rotation_text
from digitdrop.outbox.rotation import Rotation

_PREFIX: Final = "DIGITDROP_"


class Origin(StrEnum):
    """The origins of a value; the first that has one counts."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


_ORIGINS: Final = {"COMMANDLINE": Origin.OPTION, "ENVIRONMENT": Origin.ENVIRONMENT}
"""Typer's names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An option that has an environment variable, with the value that counts."""

    option: str
    variable: str
    value: str | None
    """As a person types it, `yes` and `no` for switches; None for none."""
    origin: Origin
    commands: tuple[str, ...] = ()
    """Commands that take it, with the same value."""


def commands(context: typer.Context) -> dict[str, TyperCommand]:
    """Return the commands of the running program by name, without the groups of commands."""
    root = context.find_root()
    group = cast("TyperGroup", root.command)
    found = {name: group.get_command(root, name) for name in group.list_commands(root)}
    return {name: one for name, one in found.items() if isinstance(one, TyperCommand)}


def parse(command: TyperCommand, name: str, arguments: Sequence[str]) -> typer.Context:
    """Parse arguments and environment as a command would, and run nothing.

    Missing arguments are allowed, for only options count. Errors are Typer's own.
    """
    is_complete = not any(one.required for one in command.params)
    context = command.make_context(name, list(arguments), resilient_parsing=not is_complete)
    return cast("typer.Context", context)


def parse_alone(command: TyperCommand, name: str, arguments: Sequence[str]) -> typer.Context:
    """Parse arguments without this environment, for a process that does not have it."""
    ours = {one: os.environ.pop(one) for one in list(os.environ) if one.startswith(_PREFIX)}
    try:
        return parse(command, name, arguments)
    finally:
        os.environ.update(ours)


def command_settings(context: typer.Context) -> Iterator[Setting]:
    """Yield the settings of a parsed command, in the order of its help."""
    for option in _options(context.command.params):
        name = option.name or ""
        yield Setting(
            option=option.opts[0],
            variable=str(option.envvar),
            value=as_text(context.params[name]),
            origin=_origin(context, name),
        )


def all_settings(commands: Mapping[str, TyperCommand]) -> list[Setting]:
    """Return the settings of all commands, each once for all commands with the same value."""
    found: dict[Setting, tuple[str, ...]] = {}
    for name, command in commands.items():
        for one in command_settings(parse(command, name, [])):
            found[one] = (*found.get(one, ()), name)
    return [replace(one, commands=names) for one, names in found.items()]


def given(context: typer.Context) -> list[str]:
    """Return the settings given to a command, by option or environment, as options.

    Paths become absolute, since a later process runs in another folder.
    """
    words = []
    for option in _options(context.command.params):
        name = option.name or ""
        value = context.params.get(name)
        if value is None or _origin(context, name) is Origin.DEFAULT:
            continue
        if isinstance(value, bool):
            words += (option.opts if value else option.secondary_opts)[:1]
        else:
            text = as_text(value)
            # Typer makes a Path of it only when it calls the command.
            absolute = Path(text).absolute() if text and option.type.name == "path" else text
            words.append(f"{option.opts[0]}={absolute}")
    return words


def as_text(value: object) -> str | None:
    """Write a value as a person types it.

    >>> as_text(True), as_text(2.5)
    ('yes', '2.5')
    """
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return age_text(value)
        case Rotation():
            return rotation_text(value)
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def _options(parameters: Iterable[object]) -> Iterator[TyperOption]:
    for one in parameters:
        if isinstance(one, TyperOption) and one.envvar:
            yield one


def _origin(context: typer.Context, name: str) -> Origin:
    source = context.get_parameter_source(name)
    return _ORIGINS.get(source.name if source else "", Origin.DEFAULT)
