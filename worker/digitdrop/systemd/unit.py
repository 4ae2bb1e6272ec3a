"""Write the text of a systemd unit for the worker; nothing is read from the machine.

See systemd.service(5), systemd.exec(5) and systemd.syntax(7). docs/operations.md gives the reason
for each line.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.errors import SetupError

_MARK: Final = "# Written by `digitdrop service install`"
"""Begins the first line; a unit without it belongs to somebody else."""
_SECTION: Final = "[X-Digitdrop]"
"""The section that keeps the worker's options; systemd ignores sections that begin with X-."""

_KEY: Final = "Arguments="
_HOMES: Final = ("/home", "/root", "/run/user")  # empty under ProtectHome=yes
_SHARED: Final = ("/tmp", "/var/tmp")  # noqa: S108 - replaced under PrivateTmp=yes
_SPECIAL: Final = set(" \"'\\;#")

_RUNNING: Final = """\
Environment=PYTHONFAULTHANDLER=1
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2
TimeoutStartSec=180
WatchdogSec=180
TimeoutStopSec=30
KillMode=mixed
OOMPolicy=continue
OOMScoreAdjust=500
Nice=5
LimitCORE=0
UMask=0007
"""
_HARDENING: Final = """\
NoNewPrivileges=yes
PrivateUsers=yes
PrivateDevices=yes
PrivateNetwork=yes
PrivateMounts=yes
RestrictAddressFamilies=AF_UNIX
CapabilityBoundingSet=
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""
_OF_THE_SYSTEM: Final = ("IPAddressDeny=any", "DevicePolicy=closed", "RemoveIPC=yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A service to be installed; all paths are absolute."""

    command: tuple[str, ...]
    """Interpreter, module and `watch`, without the options."""
    program_folder: Path
    """Folder from which the program can be imported, however it was installed."""
    arguments: tuple[str, ...]
    """Options of `watch`; inbox, outbox and model among them."""
    inbox: Path
    outbox: Path
    model: Path
    metrics: Path | None = None
    common: Path | None = None
    """Folder that holds inbox and outbox and nothing else; None if there is none.

    The service sees each writable folder as a mount of its own, and between mounts a picture
    can only be copied; within one folder it is moved."""
    places: tuple[Path, ...] = ()
    """The real paths of all files and folders that the service needs, its program included."""
    user: str | None = None
    """User of a system unit; None for a unit of the user's own service manager."""


def text(unit: Unit) -> str:
    """Return the text of the unit file.

    Raises:
        SetupError: a path has characters that no unit file can hold.
    """
    return "".join(f"{line}\n" for line in _lines(unit))


def arguments(text: str) -> list[str] | None:
    """Return the options of `watch` from a unit's text; None for a unit of somebody else.

    Raises:
        ValueError: the options are damaged.
    """
    kept = text.partition(f"{_SECTION}\n{_KEY}")[2]
    if not text.startswith(_MARK) or not kept:
        return None
    return [str(word) for word in json.loads(kept.splitlines()[0])]


def _lines(unit: Unit) -> Iterator[str]:
    yield f"{_MARK}; install it again with --replace to change it."
    yield "[Unit]"
    yield f"Description=Digitdrop: reads pictures of digits dropped into {_raw(unit.inbox)}"
    yield f"RequiresMountsFor={_quoted(unit.inbox)} {_quoted(unit.outbox)}"
    yield "StartLimitIntervalSec=600"
    yield "StartLimitBurst=5"
    yield ""
    yield "[Service]"
    yield "Type=notify"
    words = [_quoted(word).replace("$", "$$") for word in (*unit.command, *unit.arguments)]
    yield f"ExecStart={' '.join(words)}"
    yield f"WorkingDirectory={_raw(unit.program_folder)}"
    if unit.user:
        yield f"User={_raw(unit.user)}"
    yield _RUNNING
    yield from _access(unit)
    yield from _HARDENING.splitlines()
    yield from _OF_THE_SYSTEM if unit.user else ()
    yield ""
    yield "[Install]"
    yield f"WantedBy={'multi-user' if unit.user else 'default'}.target"
    yield ""
    yield _SECTION
    yield f"{_KEY}{json.dumps(unit.arguments)}"


def _access(unit: Unit) -> Iterator[str]:
    """Yield the lines that open the service's folders to it and hide all others."""
    writable = [unit.common] if unit.common else [unit.inbox, unit.outbox]
    writable += [unit.metrics.parent] if unit.metrics else []
    used = [*writable, unit.inbox, unit.outbox, unit.model, unit.program_folder, *unit.places]
    # A user's own manager listens for READY below /run/user, which `yes` would hide.
    needs_homes = not unit.user or _any_below(used, _HOMES)
    yield "ProtectSystem=strict"
    yield f"ReadWritePaths={' '.join(_quoted(folder) for folder in dict.fromkeys(writable))}"
    yield f"ProtectHome={'read-only' if needs_homes else 'yes'}"
    yield f"PrivateTmp={'no' if _any_below(used, _SHARED) else 'yes'}"


def _any_below(paths: Sequence[Path], folders: Sequence[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for path in paths for folder in folders)


def _raw(value: Path | str) -> str:
    """Return a value for the rest of a line; a single `%` would begin a specifier."""
    text = str(value)
    if not text.isprintable() or text.endswith("\\"):
        raise SetupError(
            f"{text!r} cannot stand in a unit file: name a path without line breaks, "
            "control characters, bytes that are no text, or a backslash at its end"
        )
    return text.replace("%", "%%")


def _quoted(value: Path | str) -> str:
    """Return a value as one word among others."""
    text = _raw(value).replace("\\", "\\\\").replace('"', '\\"')
    return text if text and not set(text) & _SPECIAL else f'"{text}"'
