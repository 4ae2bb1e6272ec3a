"""Explain a mistake on the command line in one line: the value given, the value expected."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, cast

import typer

UsageError: Final = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""The error that Typer raises for all mistakes; it has no public name."""

_PLAIN: Final = {"a valid float range": "a number", "a valid int range": "a whole number"}
"""Typer's words for an expected value, and plain words."""


def explain_usage_error(
    error: Exception, arguments: Sequence[str], environment: Mapping[str, str]
) -> str:
    """Return the mistake in a command line; empty if the error only means to show the help.

    Args:
        error: a `UsageError`.
        arguments: of the process, without the program.
        environment: of the process.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    message = " ".join(str(getattr(error, "format_message", error.__str__)()).split())
    value = _value(getattr(error, "param", None), arguments, environment)
    if value is not None and repr(value) not in message:
        message = message.replace("Invalid value for", f"Invalid value {value!r} for", 1)
    for theirs, plain in _PLAIN.items():
        message = message.replace(theirs, plain)
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "digitdrop"
    return f"{message.rstrip('.')} (see `{path} --help`)"


def empty(arguments: Sequence[str]) -> str | None:
    """Return the mistake of an empty argument, as in a script with an unset variable, or None.

    An empty path would be the current folder.
    """
    for before, word in pairwise(["", *arguments]):
        name, equals, value = word.partition("=")
        if not word:
            where = f" after {before}" if before else ""
            return f"There is an empty argument{where}: leave it out, or give a value"
        if equals and not value and name.startswith("--"):
            return f"{name} is empty: leave it out, or give a value"
    return None


def _value(
    parameter: object, arguments: Sequence[str], environment: Mapping[str, str]
) -> str | None:
    """Return the value given for an option; None if none was given, or it is no option."""
    names = [name for name in getattr(parameter, "opts", ()) if name.startswith("-")]
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else next(iter(arguments[number + 1 : number + 2]), None)
    variable = getattr(parameter, "envvar", None)
    return environment.get(variable) if isinstance(variable, str) and names else None
