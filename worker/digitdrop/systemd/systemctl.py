"""Talk to the service manager of this machine or of a user, and find installed services."""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from digitdrop.errors import SetupError
from digitdrop.systemd import unit

_BOOTED: Final = Path("/run/systemd/system")
"""There if and only if systemd is the init system, see sd_booted(3)."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}")
_SHOWN: Final = (
    "ActiveState,SubState,StatusText,UnitFileState,StateChangeTimestamp,NRestarts,Result,"
    "ExecMainStatus"
)


class ServiceError(SetupError):
    """systemd is not there, or refuses; or a unit is not as it should be."""


class Scope(StrEnum):
    """The owner of a service."""

    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Manager:
    """A service manager of systemd: the machine's, or a user's."""

    scope: Scope
    units: Path
    """Folder for units that an administrator, or the user, has made."""

    @classmethod
    def of(cls, scope: Scope) -> "Manager":
        """Return the manager of a scope, whether it runs or not."""
        if scope is Scope.SYSTEM:
            return cls(scope, Path("/etc/systemd/system"))
        home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(scope, Path(home, "systemd", "user"))

    def path(self, name: str) -> Path:
        """Return the path of a service's unit."""
        return self.units / f"{name}.service"

    def check(self, booted: Path = _BOOTED) -> None:
        """Check that the manager runs, and that this user may change its services.

        Raises:
            ServiceError: systemd does not run here, or the user must be root.
        """
        if not booted.is_dir():
            raise ServiceError(
                "systemd does not run here: run `digitdrop watch` under the service manager that "
                "does; deploy/README.md has recipes for containers, launchd and Windows"
            )
        if self.scope is Scope.SYSTEM and os.geteuid() != 0:
            raise ServiceError(
                "only root may change the services of the system: "
                "use sudo, or --user for a service of your own"
            )

    def call(self, *words: str) -> str:
        """Run systemctl and return its output.

        Raises:
            ServiceError: systemctl failed; the message has its error text.
        """
        done = self._run("systemctl", *words)
        if done.returncode:
            text = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise ServiceError(f"systemctl {' '.join(words)}: {text}")
        return done.stdout

    def show(self, name: str) -> dict[str, str]:
        """Return the properties of a service that people want to see."""
        found = self.call("show", f"{name}.service", f"--property={_SHOWN}")
        return dict(line.partition("=")[::2] for line in found.splitlines())

    def arguments(self, name: str) -> list[str]:
        """Return the options that the worker of an installed service gets.

        Raises:
            ServiceError: the unit cannot be read, or belongs to somebody else.
        """
        path = self.path(name)
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

    def last_words(self, name: str) -> str:
        """Return the last line that a service logged since its last start; may be empty."""
        run = self._run(
            "systemctl", "show", f"{name}.service", "--property=InvocationID", "--value"
        )
        which = f"_SYSTEMD_INVOCATION_ID={run.stdout.strip()}"
        log = self._run("journalctl", which, "--output=cat", "--lines=1", "--no-pager")
        return log.stdout.strip().removeprefix("digitdrop: ")

    def _run(self, program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        scope = [f"--{self.scope}"] if program == "systemctl" else []
        environment = {**os.environ, "LC_ALL": "C"}
        if self.scope is Scope.USER:  # not set after `su`, though the manager may run
            environment.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")
        return subprocess.run(  # noqa: S603 - a program of the system, words of ours
            [program, *scope, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def default_scope() -> Scope:
    """Return SYSTEM for root, else USER."""
    user_id: Callable[[], int] | None = getattr(os, "geteuid", None)
    return Scope.SYSTEM if user_id and user_id() == 0 else Scope.USER


def checked_name(name: str) -> str:
    """Return the name of a service, without `.service`.

    Raises:
        ServiceError: no unit may have this name.

    >>> checked_name("digits.service")
    'digits'
    """
    name = name.removesuffix(".service")
    if not _NAME.fullmatch(name):
        raise ServiceError(
            f"{name!r} is no name for a service: expected letters, digits, and any of : _ . -"
        )
    return name


def installed(name: str, scope: Scope | None) -> Manager:
    """Return the manager of an installed service.

    Args:
        name: the service.
        scope: the owner; None for the default scope first, then the other one.

    Raises:
        ServiceError: there is no such service.
    """
    first = scope or default_scope()
    scopes = [first] if scope else sorted(Scope, key=lambda each: each is not first)
    managers = [Manager.of(each) for each in scopes]
    for manager in managers:
        if manager.path(name).exists():
            return manager
    folders = " or ".join(str(manager.units) for manager in managers)
    raise ServiceError(
        f"there is no service {name} in {folders}: `digitdrop service install` makes one"
    )
