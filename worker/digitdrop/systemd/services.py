"""Which services there are, of whom, and what each was told."""

import os
import re
from collections.abc import Callable
from typing import Final

from digitdrop.systemd import unit
from digitdrop.systemd.systemctl import Manager, Scope, ServiceError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}")


def default_scope() -> Scope:
    """Choose a service of the system for root, else one of the user's own."""
    is_root: Callable[[], int] | None = getattr(os, "geteuid", None)
    return Scope.SYSTEM if is_root and is_root() == 0 else Scope.USER


def checked_name(name: str) -> str:
    """Give back the name of a service.

    Raises:
        ServiceError: no unit may be called so.
    """
    name = name.removesuffix(".service")
    if not _NAME.fullmatch(name):
        raise ServiceError(
            f"{name!r} is no name for a service: expected letters, digits, and any of : _ . -"
        )
    return name


def installed(name: str, scope: Scope | None) -> Manager:
    """Find whose service has a name.

    Args:
        name: of the service.
        scope: whose it shall be; None for one's own if there is one, else the system's.

    Raises:
        ServiceError: there is no such service.
    """
    first = scope or default_scope()
    scopes = [first] if scope else [first, *(one for one in Scope if one is not first)]
    managers = [Manager.of(one) for one in scopes]
    for manager in managers:
        if manager.path(name).exists():
            return manager
    folders = " or ".join(str(manager.units) for manager in managers)
    raise ServiceError(
        f"there is no service {name} in {folders}: `digitdrop service install` makes one"
    )


def installed_arguments(manager: Manager, name: str) -> list[str]:
    """Read which options the worker of an installed service was given.

    Raises:
        ServiceError: the unit cannot be read, or is none of ours.
    """
    path = manager.path(name)
    try:
        found = unit.arguments(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ServiceError(f"cannot read {path}: {error}") from error
    if found is None:
        raise ServiceError(
            f"{path} was not written by `digitdrop service install`: "
            "choose another name, or remove that file yourself"
        )
    return found
