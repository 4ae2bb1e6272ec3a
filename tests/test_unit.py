"""The text of the systemd unit, line by line, and what systemd itself says of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from digitdrop.errors import SetupError
from digitdrop.systemd.unit import Unit, arguments, text

PROGRAM = Path("/opt/digitdrop/lib")
PLAIN = Unit(
    command=("/opt/digitdrop/bin/python", "-m", "digitdrop", "watch"),
    program_folder=PROGRAM,
    arguments=("--inbox=/srv/in", "--outbox=/srv/out", "--model=/opt/digitdrop/lib/models"),
    inbox=Path("/srv/in"),
    outbox=Path("/srv/out"),
    model=PROGRAM / "models",
    places=(Path("/opt/digitdrop/bin/python"),),
    user="scanner",
)

HARDENING = """\
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

OF_THE_SYSTEM = f"""\
# Written by `digitdrop service install`; install it again with --replace to change it.
[Unit]
Description=Digitdrop: reads pictures of digits dropped into /srv/in
RequiresMountsFor=/srv/in /srv/out
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=notify
ExecStart=/opt/digitdrop/bin/python -m digitdrop watch \
--inbox=/srv/in --outbox=/srv/out --model=/opt/digitdrop/lib/models
WorkingDirectory=/opt/digitdrop/lib
User=scanner
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

ProtectSystem=strict
ReadWritePaths=/srv/in /srv/out
ProtectHome=yes
PrivateTmp=yes
{HARDENING}\
IPAddressDeny=any
DevicePolicy=closed
RemoveIPC=yes

[Install]
WantedBy=multi-user.target

[X-Digitdrop]
Arguments=["--inbox=/srv/in", "--outbox=/srv/out", "--model=/opt/digitdrop/lib/models"]
"""


def values(unit: Unit, key: str) -> list[str]:
    """Give what a key is set to, each time that it is."""
    lines = text(unit).splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def value(unit: Unit, key: str) -> str:
    (found,) = values(unit, key)
    return found


def test_the_unit_of_a_service_of_the_system() -> None:
    assert text(PLAIN) == OF_THE_SYSTEM


def test_a_user_s_own_unit_differs_in_these_lines_only() -> None:
    own = text(replace(PLAIN, user=None)).splitlines()
    systems = OF_THE_SYSTEM.splitlines()

    assert [line for line in own if line not in systems] == [
        "ProtectHome=read-only",
        "WantedBy=default.target",
    ]
    assert [line for line in systems if line not in own] == [
        "User=scanner",
        "ProtectHome=yes",
        "IPAddressDeny=any",
        "DevicePolicy=closed",
        "RemoveIPC=yes",
        "WantedBy=multi-user.target",
    ]


def test_only_inbox_outbox_and_the_folder_of_the_metrics_can_be_written() -> None:
    unit = replace(PLAIN, metrics=Path("/var/lib/node_exporter/digitdrop.prom"))

    assert value(unit, "ReadWritePaths") == "/srv/in /srv/out /var/lib/node_exporter"
    assert value(unit, "ProtectSystem") == "strict"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"inbox": Path("/home/ann/in")}, "read-only"),
        ({"outbox": Path("/root/out")}, "read-only"),
        ({"places": (Path("/home/ann/.pyenv/bin/python3.11"),)}, "read-only"),
        ({"inbox": Path("/homes/ann/in")}, "yes"),
    ],
)
def test_homes_are_hidden_unless_something_that_it_needs_lies_there(
    change: dict[str, Path], expected: str
) -> None:
    assert value(replace(PLAIN, **change), "ProtectHome") == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("inbox", "expected"), [("/tmp/in", "no"), ("/var/tmp/in", "no")])
def test_it_has_no_tmp_of_its_own_where_the_inbox_lies_in_the_common_one(
    inbox: str, expected: str
) -> None:
    assert value(replace(PLAIN, inbox=Path(inbox)), "PrivateTmp") == expected


def test_odd_paths_come_through_as_they_are() -> None:
    odd = Path('/srv/50 % of "$HOME"; #1 \\')
    unit = replace(PLAIN, inbox=odd / "x", arguments=(f"--inbox={odd / 'x'}",))

    quoted = '/srv/50 %% of \\"$HOME\\"; #1 \\\\/x"'
    assert value(unit, "ReadWritePaths") == f'"{quoted} /srv/out'
    assert value(unit, "ExecStart").endswith(f'"--inbox={quoted.replace("$", "$$")}')
    assert arguments(text(unit)) == [f"--inbox={odd / 'x'}"]


@pytest.mark.parametrize("path", ["/srv/a\nUser=root", "/srv/a\x1b", "/srv/\udcff", "/srv/a\\"])
def test_a_path_that_would_break_the_file_is_refused(path: str) -> None:
    with pytest.raises(SetupError, match="cannot stand in a unit file"):
        text(replace(PLAIN, inbox=Path(path)))


def test_arguments_are_found_again_and_only_in_units_of_ours() -> None:
    assert arguments(text(PLAIN)) == list(PLAIN.arguments)
    assert arguments(text(PLAIN).replace("# Written by", "# Changed from")) is None
    assert arguments("[Service]\nExecStart=/bin/true\n") is None


def here(tmp_path: Path, user: str | None) -> Path:
    """Write a unit with the folders and the interpreter of this machine."""
    inbox, outbox = tmp_path / "in box 50%", tmp_path / 'out"box"'
    unit = replace(
        PLAIN,
        command=(sys.executable, "-m", "digitdrop", "watch"),
        arguments=(f"--inbox={inbox}", f"--outbox={outbox}"),
        inbox=inbox,
        outbox=outbox,
        user=user,
    )
    path = tmp_path / "digitdrop.service"
    path.write_text(text(unit), encoding="utf-8")
    return path


def test_where_inbox_and_outbox_have_a_folder_to_themselves_it_is_one_mount() -> None:
    unit = replace(
        PLAIN,
        inbox=Path("/srv/scans/in"),
        outbox=Path("/srv/scans/out"),
        common=Path("/srv/scans"),
    )

    assert value(unit, "ReadWritePaths") == "/srv/scans"


def analyze(tmp_path: Path, *words: object) -> str:
    done = subprocess.run(
        ["systemd-analyze", *map(str, words)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd is not installed"
)


@needs_systemd
@pytest.mark.parametrize(("scope", "user"), [("--system", "root"), ("--user", None)])
def test_systemd_finds_nothing_wrong_with_it(scope: str, user: str | None, tmp_path: Path) -> None:
    assert analyze(tmp_path, scope, "verify", here(tmp_path, user)) == ""


@needs_systemd
@pytest.mark.parametrize(("user", "most"), [("scanner", 0.5), (None, 1.0)])
def test_systemd_finds_it_hardly_exposed(user: str | None, most: float, tmp_path: Path) -> None:
    path = tmp_path / "digitdrop.service"
    path.write_text(text(replace(PLAIN, user=user)))

    said = analyze(tmp_path, "security", "--offline=true", "--no-pager", path)

    level = float(said.split("Overall exposure level for digitdrop.service:")[1].split()[0])
    assert level <= most
