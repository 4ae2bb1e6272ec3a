"""Make the worker a service of systemd, and undo that; wholly or not at all."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from digitdrop.files.disk import write_whole
from digitdrop.systemd import unit, usable
from digitdrop.systemd.services import installed_arguments
from digitdrop.systemd.systemctl import Manager, ServiceError
from digitdrop.systemd.unit import Unit


def install_service(
    manager: Manager, name: str, wanted: Unit, *, replace: bool, start: bool
) -> Iterator[str]:
    """Write the unit, have it started now and at each boot; say what was done.

    If it does not start, all is as it was before.

    Raises:
        ServiceError: another unit has the name, or it does not start.
        SetupError: a folder or the model cannot be used by whoever the service runs as.
    """
    text, path = unit.text(wanted), manager.path(name)
    before = _before(manager, name, text, replace=replace)
    _check(wanted)
    if before == text:
        yield f"{path} is as it should be"
    else:
        _write(path, text)
        yield f"{'replaced' if before else 'wrote'} {path}"
    try:
        manager.call("daemon-reload")
        manager.call("enable", f"{name}.service")
        if start:
            manager.call("start" if before == text else "restart", f"{name}.service")
    except ServiceError as error:
        said = str(error).partition(". ")[0]
        why = "; ".join(filter(None, (manager.last_words(name), said)))
        if before == text:
            raise ServiceError(f"the service is as it was, and does not start: {why}") from error
        _restore(manager, name, before)
        raise ServiceError(f"the service does not start, so it was taken back: {why}") from error
    yield f"{name} is running" if start else f"{name} starts at the next boot"
    if wanted.user is None:
        yield _linger()
    if not wanted.common:
        yield (
            "inbox and outbox have no folder to themselves, so pictures are copied to the outbox, "
            "under names with their row's id; were both in a folder of their own, as "
            "digits/inbox and digits/outbox, they would be moved"
        )


def uninstall_service(manager: Manager, name: str) -> Iterator[str]:
    """Stop a service and remove its unit, and nothing else; say what was done.

    Raises:
        ServiceError: there is none, it is none of ours, or systemd refuses.
    """
    installed_arguments(manager, name)  # or it is somebody else's
    path = manager.path(name)
    manager.call("disable", "--now", f"{name}.service")
    path.unlink()
    manager.call("daemon-reload")
    yield f"stopped {name} and removed {path}"


def _before(manager: Manager, name: str, text: str, *, replace: bool) -> str | None:
    """Read the unit that has the name; None if there is none."""
    path = manager.path(name)
    if not path.exists():
        return None
    installed_arguments(manager, name)  # or it is somebody else's
    before = path.read_text(encoding="utf-8")
    if before != text and not replace:
        raise ServiceError(
            f"{path} is there with other settings: --replace puts these in their place, "
            "or give this service another --name"
        )
    return before


def _check(wanted: Unit) -> None:
    if wanted.user is None:
        usable.check_usable(wanted.inbox, wanted.outbox, wanted.model, wanted.metrics)
    else:
        usable.check_as(wanted.user, wanted)


def _write(path: Path, text: str) -> None:
    """Write a unit aside and rename it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(), aside=path.with_name(f".{path.name}.new"))
    except OSError as error:
        raise ServiceError(f"cannot write {path}: {error.strerror}") from error


def _restore(manager: Manager, name: str, before: str | None) -> None:
    """Put back what was there; why it was necessary is told, not what else systemd refuses."""
    path = manager.path(name)
    if before is None:
        _try(manager, "disable", "--now", f"{name}.service")
        path.unlink(missing_ok=True)
        _try(manager, "daemon-reload")
    else:
        _write(path, before)
        _try(manager, "daemon-reload")
        _try(manager, "restart", f"{name}.service")


def _try(manager: Manager, *words: str) -> None:
    with suppress(ServiceError):
        manager.call(*words)


def _linger() -> str:
    """Have the user's services run when nobody is logged in; say whether they do."""
    try:
        done = subprocess.run(["loginctl", "enable-linger"], capture_output=True, check=False)  # noqa: S607
    except FileNotFoundError:
        done = None
    if done and done.returncode == 0:
        return "it runs also while you are not logged in (loginctl enable-linger)"
    return "it runs only while you are logged in: ask for `loginctl enable-linger` to change that"
