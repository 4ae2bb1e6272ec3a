"""The service manager of this machine, or of one of its users: units, and what it says of them."""

import os
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from digitdrop.errors import SetupError

_BOOTED: Final = Path("/run/systemd/system")
"""There if and only if systemd is the init system, see sd_booted(3)."""


class ServiceError(SetupError):
    """systemd is not there, or refuses; or a unit is not as it should be."""


class Scope(StrEnum):
    """Whose service it is."""

    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Manager:
    """One of systemd's managers."""

    scope: Scope
    units: Path
    """Folder for units that an administrator, or the user, has made."""

    @classmethod
    def of(cls, scope: Scope) -> "Manager":
        """Find it; whether it runs is not looked at."""
        if scope is Scope.SYSTEM:
            return cls(scope, Path("/etc/systemd/system"))
        home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(scope, Path(home, "systemd", "user"))

    def path(self, name: str) -> Path:
        """Say where the unit of a service lies."""
        return self.units / f"{name}.service"

    def check(self, booted: Path = _BOOTED) -> None:
        """See that there is a manager to talk to, and that we may.

        Raises:
            ServiceError: there is none, or one needs to be root.
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
        """Run systemctl; give what it prints.

        Raises:
            ServiceError: with its own words.
        """
        done = self._run("systemctl", *words)
        if done.returncode:
            said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise ServiceError(f"systemctl {' '.join(words)}: {said}")
        return done.stdout

    def show(self, name: str) -> dict[str, str]:
        """Ask what it knows of a service."""
        found = self.call("show", f"{name}.service", f"--property={','.join(_SHOWN)}")
        return dict(line.partition("=")[::2] for line in found.splitlines())

    def last_words(self, name: str) -> str:
        """Give the last line that a service logged since it was last started; may be empty."""
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


_SHOWN: Final = (
    "ActiveState",
    "SubState",
    "StatusText",
    "UnitFileState",
    "StateChangeTimestamp",
    "NRestarts",
    "Result",
    "ExecMainStatus",
)
