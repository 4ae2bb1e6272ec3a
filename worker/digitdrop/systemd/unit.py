"""The text of a systemd unit for the worker, as a function of what it shall do; nothing is read.

See systemd.service(5) and systemd.exec(5). Why each line is there: docs/operations.md.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digitdrop.systemd.quoting import quoted, raw
from digitdrop.systemd.sandbox import HARDENING, room

MARK: Final = "# Written by `digitdrop service install`"
"""How the first line begins; a unit without it is somebody else's."""
SECTION: Final = "[X-Digitdrop]"
"""systemd passes over sections that begin with X-; ours keeps what the worker was told."""
_KEY: Final = "Arguments="


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
    used = [unit.inbox, unit.outbox, unit.model, unit.house, *unit.places]
    shut_in = room(writable=_writable(unit), used=used, is_users_own=not unit.user)
    parts = (_head(unit), _service(unit), shut_in, HARDENING, _scope(unit), _foot(unit))
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
    yield f"Description=Digitdrop: reads pictures of digits dropped into {raw(unit.inbox)}"
    yield f"RequiresMountsFor={quoted(unit.inbox)} {quoted(unit.outbox)}"
    yield "StartLimitIntervalSec=600"
    yield "StartLimitBurst=5"
    yield ""


def _service(unit: Unit) -> Iterator[str]:
    yield "[Service]"
    yield "Type=notify"
    words = [quoted(word).replace("$", "$$") for word in (*unit.command, *unit.arguments)]
    yield f"ExecStart={' '.join(words)}"
    yield f"WorkingDirectory={raw(unit.house)}"
    if unit.user:
        yield f"User={raw(unit.user)}"
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


def _writable(unit: Unit) -> list[Path]:
    folders = [unit.common] if unit.common else [unit.inbox, unit.outbox]
    return [*folders, *([unit.metrics.parent] if unit.metrics else [])]


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
