"""What each setting is, and where it comes from: read off the commands' own options."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Final, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from digitdrop.cli.quantities import age_text, rotation_text
from digitdrop.outbox.rotation import Rotation


class Origin(StrEnum):
    """Where a value comes from; the first that there is counts."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An option that has an environment variable, with the value that counts."""

    option: str
    variable: str
    value: str | None
    """As one would type it, `yes` and `no` for switches; None for none."""
    origin: Origin
    commands: tuple[str, ...] = ()
    """Which take it, with the same default."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command's options as read from arguments and environment."""

    values: Mapping[str, object]
    origins: Mapping[str, Origin]


def commands(context: typer.Context) -> dict[str, TyperCommand]:
    """Return the commands of the running program by name; groups of commands have no settings."""
    root = context.find_root()
    group = cast("TyperGroup", root.command)
    found = {name: group.get_command(root, name) for name in group.list_commands(root)}
    return {name: one for name, one in found.items() if isinstance(one, TyperCommand)}


def parse_alone(command: TyperCommand, name: str, arguments: Sequence[str]) -> Parsed:
    """Read arguments as `parse` does, for a process that has not the environment of this one."""
    ours = {one: os.environ.pop(one) for one in list(os.environ) if one.startswith(_PREFIX)}
    try:
        return parse(command, name, arguments)
    finally:
        os.environ.update(ours)


def parse(command: TyperCommand, name: str, arguments: Sequence[str]) -> Parsed:
    """Read arguments and environment as a command would, and run nothing.

    What is missing is passed over: only options are looked at. Errors are Typer's own.
    """
    is_complete = not any(one.required for one in command.params)
    context = command.make_context(name, list(arguments), resilient_parsing=not is_complete)
    return _parsed(context.params, context.get_parameter_source)


def command_settings(command: TyperCommand, parsed: Parsed) -> Iterator[Setting]:
    """Give the settings of a command, in the order of its help."""
    for option in _options(command.params):
        name = option.name or ""
        yield Setting(
            option=option.opts[0],
            variable=str(option.envvar),
            value=as_text(parsed.values[name]),
            origin=parsed.origins[name],
        )


def all_settings(commands: Mapping[str, TyperCommand]) -> list[Setting]:
    """Give the settings of all commands, each once for all that have the same value."""
    found: dict[Setting, tuple[str, ...]] = {}
    for name, command in commands.items():
        for one in command_settings(command, parse(command, name, [])):
            found[one] = (*found.get(one, ()), name)
    return [replace(one, commands=names) for one, names in found.items()]


def given(context: typer.Context) -> list[str]:
    """Write the settings that were given, by option or environment, as options again.

    Paths become absolute: the folder in which they were given says nothing later.

    Args:
        context: of the command that runs.
    """
    parsed = _parsed(context.params, context.get_parameter_source)
    words = []
    for option in _options(context.command.params):
        value = parsed.values.get(option.name or "")
        if value is None or parsed.origins[option.name or ""] is Origin.DEFAULT:
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
    """Write a value of a setting as one would type it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return age_text(value)
        case Rotation():
            return rotation_text(value)
        case Enum():
            return str(value.value)
        case None:
            return None
        case _:
            return str(value)


def _options(parameters: Iterable[object]) -> Iterator[TyperOption]:
    """Give the options that are settings."""
    for one in parameters:
        if isinstance(one, TyperOption) and one.envvar:
            yield one


def _parsed(values: Mapping[str, object], source: Callable[[str], Enum | None]) -> Parsed:
    origins = {}
    for name in values:
        found = source(name)
        origins[name] = _ORIGINS.get(found.name if found else "", Origin.DEFAULT)
    return Parsed(dict(values), origins)


_PREFIX: Final = "DIGITDROP_"
_ORIGINS: Final = {"COMMANDLINE": Origin.OPTION, "ENVIRONMENT": Origin.ENVIRONMENT}
