"""The text of a systemd unit for the worker, as a function of what it shall do; nothing is read.

See systemd.service(5) and systemd.exec(5). Why each line is there: docs/operations.md.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from worker.errors import SetupError

MARK: Final = "# Written by `digitdrop service install`"
"""How the first line begins; a unit without it is somebody else's."""
SECTION: Final = "[X-Digitdrop]"
"""systemd passes over sections that begin with X-; ours keeps what the worker was told."""
_KEY: Final = "Arguments="

_HOMES: Final = ("/home", "/root", "/run/user")  # what ProtectHome=yes would empty
_SHARED: Final = ("/tmp", "/var/tmp")  # noqa: S108 - what PrivateTmp=yes would replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What the service shall do, and as whom; all paths are absolute."""

    command: tuple[str, ...]
    """Interpreter, module and `watch`, without its options."""
    house: Path
    """Folder from which the program can be imported, however it was installed."""
    arguments: tuple[str, ...]
    """Options of `watch`; inbox, outbox and model among them."""
    inbox: Path
    outbox: Path
    model: Path
    metrics: Path | None = None
    common: Path | None = None
    """Folder that holds inbox and outbox and nothing else; None if there is none.

    Two folders that can be written are two mounts to the service, and between mounts a
    picture can only be copied; below one, it is moved."""
    places: tuple[Path, ...] = ()
    """Where all that it needs really lies, its program included."""
    user: str | None = None
    """Whom a system unit runs as; None for a unit of the user's own service manager."""


def text(unit: Unit) -> str:
    """Write the unit file.

    Raises:
        SetupError: a path holds what no unit file can.
    """
    parts = (_head(unit), _service(unit), _room(unit), _HARDENING, _scope(unit), _foot(unit))
    return "".join(f"{line}\n" for part in parts for line in part)


def arguments(text: str) -> list[str] | None:
    """Find in a unit's text what `watch` was told; None if it is no unit of ours."""
    told = text.partition(f"{SECTION}\n{_KEY}")[2]
    if not text.startswith(MARK) or not told:
        return None
    found = json.loads(told.splitlines()[0])
    return [str(word) for word in found]


def _head(unit: Unit) -> Iterator[str]:
    yield f"{MARK}; install it again with --replace to change it."
    yield "[Unit]"
    yield f"Description=Digitdrop: reads pictures of digits dropped into {_raw(unit.inbox)}"
    yield f"RequiresMountsFor={_quoted(unit.inbox)} {_quoted(unit.outbox)}"
    yield "StartLimitIntervalSec=600"
    yield "StartLimitBurst=5"
    yield ""


def _service(unit: Unit) -> Iterator[str]:
    yield "[Service]"
    yield "Type=notify"
    words = [_quoted(word).replace("$", "$$") for word in (*unit.command, *unit.arguments)]
    yield f"ExecStart={' '.join(words)}"
    yield f"WorkingDirectory={_raw(unit.house)}"
    if unit.user:
        yield f"User={_raw(unit.user)}"
    yield "Environment=PYTHONFAULTHANDLER=1"
    yield "Restart=on-failure"
    yield "RestartSec=5"
    yield "RestartPreventExitStatus=2"
    yield "TimeoutStartSec=180"
    yield "WatchdogSec=180"
    yield "TimeoutStopSec=30"
    yield "KillMode=mixed"
    yield "OOMPolicy=continue"
    yield "OOMScoreAdjust=500"
    yield "Nice=5"
    yield "LimitCORE=0"
    yield "UMask=0007"
    yield ""


def _room(unit: Unit) -> Iterator[str]:
    """Give what depends on where things lie."""
    folders = [unit.common] if unit.common else [unit.inbox, unit.outbox]
    writable = [*folders, *([unit.metrics.parent] if unit.metrics else [])]
    used = [unit.inbox, unit.outbox, *writable, unit.model, unit.house, *unit.places]
    yield "ProtectSystem=strict"
    yield f"ReadWritePaths={' '.join(_quoted(folder) for folder in dict.fromkeys(writable))}"
    # A user's own manager listens for READY below /run/user, which `yes` would hide.
    needs_homes = not unit.user or _any_below(used, _HOMES)
    yield f"ProtectHome={'read-only' if needs_homes else 'yes'}"
    yield f"PrivateTmp={'no' if _any_below(used, _SHARED) else 'yes'}"


def _scope(unit: Unit) -> Iterator[str]:
    if unit.user:
        yield "IPAddressDeny=any"
        yield "DevicePolicy=closed"
        yield "RemoveIPC=yes"
    yield ""


def _foot(unit: Unit) -> Iterator[str]:
    yield "[Install]"
    yield f"WantedBy={'multi-user' if unit.user else 'default'}.target"
    yield ""
    yield SECTION
    yield f"{_KEY}{json.dumps(unit.arguments)}"


_HARDENING: Final = (
    "NoNewPrivileges=yes",
    "PrivateUsers=yes",
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "PrivateMounts=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "CapabilityBoundingSet=",
    "ProtectProc=invisible",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged",
    "SystemCallErrorNumber=EPERM",
)


def _any_below(paths: Sequence[Path], folders: Sequence[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for path in paths for folder in folders)


def _raw(value: Path | str) -> str:
    """Write a value that takes up the rest of its line; `%` would begin a specifier."""
    text = str(value)
    if not text.isprintable() or text.endswith("\\"):
        raise SetupError(
            f"{text!r} cannot stand in a unit file: name a path without line breaks, "
            "control characters, bytes that are no text, or a backslash at its end"
        )
    return text.replace("%", "%%")


def _quoted(value: Path | str) -> str:
    text = _raw(value).replace("\\", "\\\\").replace('"', '\\"')
    return text if text and not set(text) & _SPECIAL else f'"{text}"'


_SPECIAL: Final = set(" \"'\\;#")
