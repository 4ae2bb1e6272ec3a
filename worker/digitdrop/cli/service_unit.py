"""Make a systemd unit from the options of `digitdrop service install`."""

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import typer

if TYPE_CHECKING:
    from digitdrop.systemd.systemctl import Scope
    from digitdrop.systemd.unit import Unit

Command = TypeVar("Command", bound=Callable[..., None])

_NOT_FOR_A_SERVICE: Final = {"train"}  # needs the network and the extra `train`
_FOLDERS: Final = ("inbox", "outbox", "model")


def with_options_of(other: Callable[..., None]) -> Callable[[Command], Command]:
    """Return a decorator that adds the options of another command, which then cannot differ.

    The decorated command takes them as keywords: its last parameter is `**settings`.
    """

    def add(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters.values()
        more = inspect.signature(other, eval_str=True).parameters.values()
        all_of_them = [
            *(one for one in own if one.kind is not one.VAR_KEYWORD),
            *(one for one in more if one.name not in _NOT_FOR_A_SERVICE),
        ]
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [one.replace(kind=one.KEYWORD_ONLY) for one in all_of_them]
        )
        return command

    return add


def unit_of(
    context: typer.Context, settings: Mapping[str, object], *, user: Callable[[Path], str | None]
) -> "Unit":
    """Make the unit that the options describe.

    Args:
        context: of the command that runs.
        settings: the options of `watch` that the command took.
        user: returns the user of the service, given its inbox; None for a service of one's own.
    """
    from digitdrop.cli.options import MODEL
    from digitdrop.system.search_path import PROGRAM_FOLDER
    from digitdrop.systemd.unit import Unit

    inbox, outbox, model = (_absolute(settings[name]) for name in _FOLDERS)
    metrics = _absolute(settings["metrics"]) if settings["metrics"] else None
    program = (Path(sys.executable), Path(sys.base_prefix))
    used = [inbox, outbox, model, MODEL, *program, *([metrics] if metrics else [])]
    return Unit(
        command=(sys.executable, "-P", "-m", "digitdrop", "watch"),
        program_folder=PROGRAM_FOLDER,
        arguments=_arguments(context, (inbox, outbox, model)),
        inbox=inbox,
        outbox=outbox,
        model=model,
        metrics=metrics,
        common=_common(inbox, outbox, metrics),
        places=tuple(path.resolve() for path in used),
        user=user(inbox),
    )


def runs_as(asked: str | None, inbox: Path, scope: "Scope") -> str | None:
    """Choose the user of a service: as asked, else the inbox's owner, else who used sudo.

    None for a service of one's own, which runs as oneself.

    Raises:
        ServiceError: the user would be root without being asked for, or a service of one's own
            was to run as somebody else.
    """
    from digitdrop.systemd.systemctl import Scope, ServiceError

    if scope is Scope.USER:
        if asked:
            raise ServiceError(
                f"a service of your own cannot run as {asked}: "
                "leave out --run-as, or use sudo for a service of the system"
            )
        return None
    found = asked or _owner(inbox) or os.environ.get("SUDO_USER") or "root"
    if found == "root" and not asked:
        raise ServiceError(
            f"the service would run as root, who owns {inbox} or would make it: "
            "name a user with --run-as; `useradd --system digitdrop` makes one"
        )
    return found


def _common(inbox: Path, outbox: Path, metrics: Path | None) -> Path | None:
    """Return the folder that holds inbox, outbox and metrics and nothing else, or None."""
    folder = inbox.parent
    if outbox.parent != folder or folder == folder.parent:
        return None
    ours = {inbox.name, outbox.name, metrics.name if metrics else ""}
    try:
        others = {path.name for path in folder.iterdir()} - ours
    except FileNotFoundError:  # it will be made with them
        return folder
    except OSError:
        return None
    return None if others else folder


def _owner(inbox: Path) -> str | None:
    try:
        return inbox.owner()
    except (OSError, KeyError):  # it is not there yet, or a number without a name owns it
        return None


def _arguments(context: typer.Context, folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the folders, and all other settings given by option or environment, as options."""
    from digitdrop.cli.settings import given

    always = [f"--{name}={path}" for name, path in zip(_FOLDERS, folders, strict=True)]
    others = [
        word
        for word in given(context)
        if word.partition("=")[0].removeprefix("--") not in _FOLDERS
    ]
    return (*always, *others)


def _absolute(path: object) -> Path:
    return Path(str(path)).absolute()
