"""What a service may see and do: the lines of a unit that shut it in, see systemd.exec(5)."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.systemd.quoting import quoted

_HOMES: Final = ("/home", "/root", "/run/user")  # what ProtectHome=yes would empty
_SHARED: Final = ("/tmp", "/var/tmp")  # noqa: S108 - what PrivateTmp=yes would replace


def room(*, writable: Sequence[Path], used: Sequence[Path], is_users_own: bool) -> Iterator[str]:
    """Give what depends on where things lie.

    Args:
        writable: folders that the service writes into.
        used: whatever else it needs to see.
        is_users_own: whether a user's own manager runs it.
    """
    # A user's own manager listens for READY below /run/user, which `yes` would hide.
    places = [*writable, *used]
    needs_homes = is_users_own or _any_below(places, _HOMES)
    yield "ProtectSystem=strict"
    yield f"ReadWritePaths={' '.join(quoted(folder) for folder in dict.fromkeys(writable))}"
    yield f"ProtectHome={'read-only' if needs_homes else 'yes'}"
    yield f"PrivateTmp={'no' if _any_below(places, _SHARED) else 'yes'}"


HARDENING: Final = (
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
