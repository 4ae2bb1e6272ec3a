"""A service is installed wholly or not at all; what it is given, it is given as it was meant."""

import dataclasses
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import typer
from hypothesis import given as every
from hypothesis import strategies as any_of
from typer.core import TyperCommand

from digitdrop.cli import quantities
from digitdrop.cli.app import app
from digitdrop.cli.settings import given, parse
from digitdrop.errors import SetupError
from digitdrop.outbox.rotation import Rotation
from digitdrop.systemd.install import install_service, uninstall_service
from digitdrop.systemd.systemctl import Manager, Scope, ServiceError, checked_name
from digitdrop.systemd.unit import Unit, arguments, text
from ledger import DIGITDROP

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models"

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "{log}"
for word in "$@"; do [ ! -e "{log}.no-$word" ] || {{ echo "no $word" >&2; exit 1; }}; done
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd runs on Linux")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a systemctl in the way that notes what it is asked for, and refuses on demand."""
    log, programs = tmp_path / "calls", tmp_path / "bin"
    programs.mkdir()
    for name in ("systemctl", "loginctl", "journalctl"):
        (programs / name).write_text(SYSTEMCTL.format(log=log if name == "systemctl" else name))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return log


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    return Manager(Scope.USER, tmp_path / "units")


def a_unit(tmp_path: Path, *more: str) -> Unit:
    inbox, outbox = tmp_path / "digits" / "in", tmp_path / "digits" / "out"
    return Unit(
        command=(*DIGITDROP, "watch"),
        program_folder=ROOT,
        arguments=(f"--inbox={inbox}", f"--outbox={outbox}", f"--model={MODEL}", *more),
        inbox=inbox,
        outbox=outbox,
        model=MODEL,
        common=tmp_path / "digits",
    )


def installed(manager: Manager, unit: Unit, *, replace: bool = False, start: bool = True) -> str:
    return "\n".join(install_service(manager, "scans", unit, replace=replace, start=start))


def test_install_writes_the_unit_and_has_it_started_now_and_at_each_boot(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    unit = a_unit(tmp_path)

    said = installed(manager, unit)

    assert manager.path("scans").read_text() == text(unit)
    assert calls.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable scans.service",
        "--user restart scans.service",
    ]
    assert "scans is running" in said
    assert unit.inbox.is_dir()
    assert unit.outbox.is_dir()


@pytest.mark.usefixtures("calls")
def test_it_says_so_where_pictures_will_have_to_be_copied(
    manager: Manager, tmp_path: Path
) -> None:
    unit = a_unit(tmp_path)

    assert "copied" not in installed(manager, unit)
    apart = dataclasses.replace(unit, common=None)
    assert "pictures are copied to the outbox" in installed(manager, apart, replace=True)


def test_without_a_start_it_waits_for_the_next_boot(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    said = installed(manager, a_unit(tmp_path), start=False)

    assert "scans starts at the next boot" in said
    assert not any("start" in line.split() for line in calls.read_text().splitlines())


def test_installed_again_with_the_same_settings_nothing_is_stopped(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    installed(manager, a_unit(tmp_path))
    calls.unlink()

    said = installed(manager, a_unit(tmp_path))

    assert "is as it should be" in said
    assert "--user start scans.service" in calls.read_text()
    assert "restart" not in calls.read_text()


@pytest.mark.usefixtures("calls")
def test_other_settings_are_refused_until_asked_for(manager: Manager, tmp_path: Path) -> None:
    installed(manager, a_unit(tmp_path))
    before = manager.path("scans").read_text()

    with pytest.raises(ServiceError, match="--replace"):
        installed(manager, a_unit(tmp_path, "--poll"))
    assert manager.path("scans").read_text() == before

    installed(manager, a_unit(tmp_path, "--poll"), replace=True)
    assert manager.arguments("scans")[-1] == "--poll"


@pytest.mark.usefixtures("calls")
def test_somebody_else_s_unit_is_never_touched(manager: Manager, tmp_path: Path) -> None:
    manager.units.mkdir()
    manager.path("scans").write_text("[Service]\nExecStart=/bin/true\n")

    with pytest.raises(ServiceError, match="was not written by"):
        installed(manager, a_unit(tmp_path), replace=True)

    assert manager.path("scans").read_text() == "[Service]\nExecStart=/bin/true\n"


@pytest.mark.usefixtures("calls")
def test_a_unit_of_ours_that_somebody_spoiled_is_told_in_one_line(
    manager: Manager, tmp_path: Path
) -> None:
    installed(manager, a_unit(tmp_path))
    path = manager.path("scans")
    path.write_text(path.read_text().replace('Arguments=["', "Arguments=["))

    with pytest.raises(ServiceError, match=r"cannot read .*scans"):
        installed(manager, a_unit(tmp_path), replace=True)
    with pytest.raises(ServiceError, match=r"cannot read .*scans"):
        list(uninstall_service(manager, "scans"))


def test_a_service_that_does_not_start_is_taken_back(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    Path(f"{calls}.no-restart").touch()

    with pytest.raises(ServiceError, match=r"does not start, so it was taken back: .*no restart"):
        installed(manager, a_unit(tmp_path))

    assert not manager.path("scans").exists()
    assert calls.read_text().splitlines()[-2:] == [
        "--user disable --now scans.service",
        "--user daemon-reload",
    ]


def test_nothing_is_left_where_systemd_refuses_everything(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    Path(f"{calls}.no---user").touch()

    with pytest.raises(ServiceError, match="no --user"):
        installed(manager, a_unit(tmp_path))

    assert not manager.path("scans").exists()


def test_settings_with_which_it_does_not_start_give_way_to_the_earlier_ones(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    installed(manager, a_unit(tmp_path))
    before = manager.path("scans").read_text()
    Path(f"{calls}.no-restart").touch()

    with pytest.raises(ServiceError, match="no restart"):
        installed(manager, a_unit(tmp_path, "--poll"), replace=True)

    assert manager.path("scans").read_text() == before


def test_one_that_is_as_it_was_and_does_not_start_is_left_alone(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    installed(manager, a_unit(tmp_path))
    before = manager.path("scans").read_text()
    calls.unlink()
    Path(f"{calls}.no-start").touch()

    with pytest.raises(ServiceError, match=r"as it was, and does not start: .*no start"):
        installed(manager, a_unit(tmp_path))

    assert manager.path("scans").read_text() == before
    assert "restart" not in calls.read_text()


def test_a_folder_that_cannot_be_used_is_told_before_anything_is_written(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    (tmp_path / "digits").write_text("a file in the way")

    with pytest.raises(SetupError, match=r"inbox|cannot use"):
        installed(manager, a_unit(tmp_path))

    assert not manager.units.exists()
    assert not calls.exists()


@pytest.mark.usefixtures("calls")
def test_so_is_a_folder_of_the_metrics_that_is_not_there(manager: Manager, tmp_path: Path) -> None:
    unit = dataclasses.replace(a_unit(tmp_path), metrics=tmp_path / "none" / "m.prom")

    with pytest.raises(SetupError, match=r"m\.prom into .*none.*--metrics"):
        installed(manager, unit)

    assert not manager.units.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may")
@pytest.mark.usefixtures("calls")
def test_the_folders_are_looked_at_with_the_eyes_of_whoever_it_runs_as(tmp_path: Path) -> None:
    manager, outbox = Manager(Scope.SYSTEM, tmp_path / "units"), tmp_path / "digits" / "out"
    outbox.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o055)
    unit = dataclasses.replace(a_unit(tmp_path), user="nobody")

    with pytest.raises(ServiceError, match=r"nobody may not (use .*out|run .*python)"):
        installed(manager, unit)

    assert not manager.units.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may")
@pytest.mark.usefixtures("calls")
def test_a_look_that_ends_without_a_word_is_one_line_as_well(tmp_path: Path) -> None:
    manager = Manager(Scope.SYSTEM, tmp_path / "units")
    unit = dataclasses.replace(
        a_unit(tmp_path), user="nobody", command=("/bin/false",), program_folder=Path("/")
    )

    with pytest.raises(ServiceError, match="as nobody ended with exit code 1 and no message"):
        installed(manager, unit)


def test_uninstall_removes_the_unit_and_no_picture(
    manager: Manager, calls: Path, tmp_path: Path
) -> None:
    unit = a_unit(tmp_path)
    installed(manager, unit)
    (unit.inbox / "seven.png").write_bytes(b"a picture")
    (unit.outbox / "predictions.csv").write_bytes(b"rows")

    said = "\n".join(uninstall_service(manager, "scans"))

    assert "stopped scans" in said
    assert not manager.path("scans").exists()
    assert "--user disable --now scans.service" in calls.read_text()
    assert (unit.inbox / "seven.png").read_bytes() == b"a picture"
    assert (unit.outbox / "predictions.csv").read_bytes() == b"rows"


@pytest.mark.usefixtures("calls")
def test_uninstall_leaves_somebody_else_s_unit_alone(manager: Manager) -> None:
    manager.units.mkdir()
    manager.path("scans").write_text("[Service]\nExecStart=/bin/true\n")

    with pytest.raises(ServiceError, match="was not written by"):
        list(uninstall_service(manager, "scans"))

    assert manager.path("scans").exists()


def test_without_systemd_it_says_so_and_what_else_there_is(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"systemd does not run here.*deploy/README\.md"):
        Manager.of(Scope.USER).check(booted=tmp_path / "none")


def test_only_root_may_change_the_services_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    Manager.of(Scope.USER).check(booted=tmp_path)
    with pytest.raises(ServiceError, match=r"only root may.*--user"):
        Manager.of(Scope.SYSTEM).check(booted=tmp_path)


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="here it would be installed")
def test_where_there_is_no_systemd_nothing_is_made(tmp_path: Path) -> None:
    done = digitdrop("service", "install", "--user", f"--inbox={tmp_path / 'digits' / 'in'}")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "systemd does not run here" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", ".hidden", "a b", "a/b", "a\nb", "x" * 101])
def test_a_name_that_no_unit_can_have_is_refused(name: str) -> None:
    with pytest.raises(ServiceError, match="is no name for a service"):
        checked_name(name)


# What the service is given.


def command(*names: str) -> TyperCommand:
    found: object = typer.main.get_command(app)
    for name in names:
        found = getattr(found, "commands")[name]  # noqa: B009 - mypy knows groups by no one type
    assert isinstance(found, TyperCommand)
    return found


def test_it_takes_every_option_of_watch_but_training() -> None:
    ours = {one.name for one in command("service", "install").params}

    assert {one.name for one in command("watch").params} - ours == {"train"}


@every(any_of.integers(1, 36_500 * 24))
def test_an_age_is_read_as_it_was_written(hours: int) -> None:
    age = timedelta(hours=hours)

    assert quantities.age(quantities.age_text(age)) == age


@every(any_of.integers(1, 10**12 - 1))
def test_a_size_is_read_as_it_was_written(size: int) -> None:
    rotation = Rotation(size=size)

    assert quantities.rotation(quantities.rotation_text(rotation)) == rotation


GIVEN = [
    "--inbox=a b",
    "--outbox=-o",
    "--model=m",
    "--settle=0.25",
    "--max-wait=7.5",
    "--poll",
    "--workers=3",
    "--max-pixels=10",
    "--max-bytes=11",
    "--keep-done=36h",
    "--rotate=100MB",
    "--no-page",
    "--metrics=m.prom",
    "--quiet",
    "--log-format=json",
]


def test_what_install_was_given_watch_is_given_with_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("DIGITDROP_")]:
        monkeypatch.delenv(variable)
    meant = parse(command("watch"), "watch", GIVEN).params
    monkeypatch.setenv("DIGITDROP_SETTLE", "0.25")
    some = [word for word in GIVEN if not word.startswith("--settle")]

    context = command("service", "install").make_context("install", some)
    words = given(cast(typer.Context, context))

    read = parse(command("watch"), "watch", words).params
    places = ("inbox", "outbox", "model", "metrics")
    folders = {name: str(tmp_path / str(meant[name])) for name in places}
    assert read == {**meant, **folders}
    assert len(words) == len(GIVEN), "what was not given is left to its default"


SHOWN = """#!/bin/sh
printf 'ActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=2\n'
printf 'StatusText=watching\nStateChangeTimestamp=Mon\n'
"""


def test_status_is_what_systemd_says_and_what_the_worker_says(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = Manager(Scope.USER, tmp_path / "systemd" / "user")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    installed(manager, a_unit(tmp_path, "--rotate=day"))
    (calls.parent / "bin" / "systemctl").write_text(SHOWN)

    monkeypatch.setenv("DIGITDROP_SETTLE", "9")  # of whoever asks, not of the service
    told = digitdrop("service", "status", "--name", "scans", "--json")
    shown = digitdrop("service", "status", "--name", "scans")
    settings = digitdrop("settings", "--service", "scans", "--json")

    assert told.returncode == 1, "no worker runs: a person should know"
    found = json.loads(told.stdout)
    assert found["service"]["NRestarts"] == "2"
    assert found["worker"]["running"] is False
    assert "scans: active (running) since Mon, enabled, started again 2 times" in shown.stdout
    assert "no worker is running" in shown.stdout
    values = {one["option"]: one["value"] for one in json.loads(settings.stdout)}
    assert values["--rotate"] == "day"
    assert values["--inbox"] == str(tmp_path / "digits" / "in")
    assert values["--settle"] == "2.0"


def test_a_service_that_is_not_there_is_one_clear_line() -> None:
    for words in (("service", "status"), ("service", "uninstall"), ("settings", "--service", "x")):
        done = digitdrop(*words, "--name=nobody-made-it" if words[0] == "service" else "--json")

        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "`digitdrop service install` makes one" in done.stderr


def digitdrop(*words: str) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, *words]
    return subprocess.run(
        command,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_print_shows_the_unit_anywhere_and_does_nothing(tmp_path: Path) -> None:
    command = [*DIGITDROP, "service", "install", "--user", "--print"]
    command += [f"--inbox={tmp_path / 'in'}", f"--outbox={tmp_path / 'out'}", "--rotate=day"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "--rotate=day" in (arguments(done.stdout) or [])
    assert not list(tmp_path.iterdir())
