"""Install the worker as a service of systemd, or remove it; wholly or not at all."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from digitdrop.files.disk import write_whole
from digitdrop.systemd import unit, usable
from digitdrop.systemd.systemctl import Manager, ServiceError
from digitdrop.systemd.unit import Unit


def install_service(
    manager: Manager, name: str, wanted: Unit, *, replace: bool, start: bool
) -> Iterator[str]:
    """Write the unit, and start the service now and at each boot; yield a line for each step.

    If the service does not start, all is as it was before.

    Raises:
        ServiceError: another unit has the name, or the service does not start.
        SetupError: the service's user cannot use a folder or the model.
    """
    text, path = unit.text(wanted), manager.path(name)
    before = _before(manager, name, text, replace=replace)
    usable.check_as(wanted)
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
        reason = str(error).partition(". ")[0]
        why = "; ".join(filter(None, (manager.last_words(name), reason)))
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
    """Stop a service and remove its unit, and nothing else; yield a line for people.

    Raises:
        ServiceError: there is none, it belongs to somebody else, or systemd refuses.
    """
    manager.arguments(name)  # raises if the unit belongs to somebody else
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
    manager.arguments(name)  # raises if the unit belongs to somebody else
    before = path.read_text(encoding="utf-8")
    if before != text and not replace:
        raise ServiceError(
            f"{path} is there with other settings: --replace puts these in their place, "
            "or give this service another --name"
        )
    return before


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(), aside=path.with_name(f".{path.name}.new"))
    except OSError as error:
        raise ServiceError(f"cannot write {path}: {error.strerror}") from error


def _restore(manager: Manager, name: str, before: str | None) -> None:
    """Put back the earlier unit; the caller reports the first error, so later ones are dropped."""
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
    """Let the user's services run while nobody is logged in; return a line about the result."""
    try:
        done = subprocess.run(["loginctl", "enable-linger"], capture_output=True, check=False)  # noqa: S607
    except FileNotFoundError:
        done = None
    if done and done.returncode == 0:
        return "it runs also while you are not logged in (loginctl enable-linger)"
    return "it runs only while you are logged in: ask for `loginctl enable-linger` to change that"
