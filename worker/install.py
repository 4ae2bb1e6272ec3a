"""Make the worker a service of systemd, and undo that; wholly or not at all."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from worker import unit, usable
from worker.disk import make_folder
from worker.systemd import Manager, ServiceError, told
from worker.unit import Unit


def install(
    manager: Manager, name: str, wanted: Unit, *, replace: bool, start: bool
) -> Iterator[str]:
    """Write the unit, have it started now and at each boot; say what was done.

    If it does not start, all is as it was before.

    Raises:
        ServiceError: another unit has the name, or it does not start.
        SetupError: a folder or the model cannot be used by whoever the service runs as.
    """
    text, path = unit.text(wanted), manager.path(name)
    before = _before(path, text, replace=replace)
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
        why = manager.last_words(name) or str(error)
        how = manager.show(name).get("Result", "")
        _restore(manager, name, before)
        raise ServiceError(
            f"the service does not start ({how}), so it was taken back: {why}"
        ) from error
    yield f"{name} is running" if start else f"{name} starts at the next boot"
    if wanted.user is None:
        yield _linger()
    if not wanted.common:
        yield (
            "inbox and outbox have no folder to themselves, so pictures are copied to the outbox, "
            "under names with their row's id; were both in a folder of their own, as "
            "digits/inbox and digits/outbox, they would be moved"
        )


def uninstall(manager: Manager, name: str) -> Iterator[str]:
    """Stop a service and remove its unit, and nothing else; say what was done.

    Raises:
        ServiceError: there is none, it is none of ours, or systemd refuses.
    """
    told(manager, name)  # or it is somebody else's
    path = manager.path(name)
    manager.call("disable", "--now", f"{name}.service")
    path.unlink()
    manager.call("daemon-reload")
    yield f"stopped {name} and removed {path}"


def _before(path: Path, text: str, *, replace: bool) -> str | None:
    """Read the unit that has the name; None if there is none."""
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ServiceError(f"cannot read {path}: {error}") from error
    if unit.arguments(before) is None:
        raise ServiceError(
            f"{path} was not written by `digitdrop service install`: "
            "give this service another --name, or remove that file first"
        )
    if before != text and not replace:
        raise ServiceError(
            f"{path} is there with other settings: --replace puts these in their place, "
            "or give this service another --name"
        )
    return before


def _check(wanted: Unit) -> None:
    if wanted.user is None:
        usable.check(wanted.inbox, wanted.outbox, wanted.model, wanted.metrics)
    else:
        _check_as(wanted.user, wanted)


def _check_as(user: str, wanted: Unit) -> None:
    """Make the folders for another user, and look with that one's eyes."""
    import pwd

    try:
        who = pwd.getpwnam(user)
    except KeyError as error:
        raise ServiceError(f"there is no user {user!r}: --run-as needs one") from error
    for folder in (wanted.inbox, wanted.outbox):
        if not folder.exists():
            make_folder(folder)
            shutil.chown(folder, who.pw_uid, who.pw_gid)
            folder.chmod(0o2770)  # as UMask= has it: people of that group may drop and put right
    used = (wanted.inbox, wanted.outbox, wanted.model, wanted.metrics)
    words = ["-m", "worker.usable", *(str(path) for path in used if path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [wanted.command[0], *words],
            cwd=wanted.house,
            user=who.pw_uid,
            group=who.pw_gid,
            extra_groups=os.getgrouplist(user, who.pw_gid),
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError as error:
        raise ServiceError(
            f"{user} may not run {wanted.command[0]}: install Digitdrop where that user can read "
            "it, for instance in a virtual environment below /opt"
        ) from error
    if done.returncode:
        raise ServiceError(done.stderr.strip().splitlines()[-1])


def _write(path: Path, text: str) -> None:
    """Write a unit aside and rename it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.new")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise ServiceError(f"cannot write {path}: {error.strerror}") from error


def _restore(manager: Manager, name: str, before: str | None) -> None:
    path = manager.path(name)
    if before is None:
        manager.call("disable", "--now", f"{name}.service")
        path.unlink(missing_ok=True)
    else:
        _write(path, before)
    manager.call("daemon-reload")
    if before is not None:
        manager.call("restart", f"{name}.service")


def _linger() -> str:
    """Have the user's services run when nobody is logged in; say whether they do."""
    try:
        done = subprocess.run(["loginctl", "enable-linger"], capture_output=True, check=False)  # noqa: S607
    except FileNotFoundError:
        done = None
    if done and done.returncode == 0:
        return "it runs also while you are not logged in (loginctl enable-linger)"
    return "it runs only while you are logged in: ask for `loginctl enable-linger` to change that"
