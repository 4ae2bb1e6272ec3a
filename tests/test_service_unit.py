"""From what `service install` is given, and what the folders show, to the unit that is wanted."""

import os
import sys
from pathlib import Path
from typing import cast

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from digitdrop.cli.app import app
from digitdrop.cli.service_unit import runs_as, unit_of
from digitdrop.systemd.systemctl import Scope, ServiceError
from digitdrop.systemd.unit import Unit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd runs on Linux")


def wanted(inbox: Path, outbox: Path) -> Unit:
    """Give the unit that these two folders ask for."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    service = root.commands["service"]
    assert isinstance(service, TyperGroup)
    install = service.commands["install"]
    assert isinstance(install, TyperCommand)
    words = [f"--inbox={inbox}", f"--outbox={outbox}"]
    context = cast(typer.Context, install.make_context("install", words))
    return unit_of(context, context.params, user=lambda _: None)


def test_a_folder_that_holds_inbox_and_outbox_alone_is_theirs(tmp_path: Path) -> None:
    digits = tmp_path / "digits"

    assert wanted(digits / "in", digits / "out").common == digits, "it will be made with them"

    (digits / "in").mkdir(parents=True)
    (digits / "out").mkdir()
    assert wanted(digits / "in", digits / "out").common == digits


def test_a_folder_that_holds_anything_else_is_never_opened_to_the_service(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()

    assert wanted(tmp_path / "in", tmp_path / "out").common is None
    assert wanted(tmp_path / "a" / "in", tmp_path / "b" / "out").common is None
    assert wanted(Path("/in"), Path("/out")).common is None


def test_where_a_link_leads_is_among_the_places_that_it_needs(tmp_path: Path) -> None:
    real = tmp_path / "disk"
    real.mkdir()
    (tmp_path / "in").symlink_to(real)

    assert real.resolve() in wanted(tmp_path / "in", tmp_path / "out").places


def test_it_runs_as_whoever_was_asked_for_else_as_the_inbox_s_owner_else_as_who_used_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ann")

    assert runs_as("bob", tmp_path, Scope.SYSTEM) == "bob"
    assert runs_as(None, tmp_path / "none", Scope.SYSTEM) == "ann"
    if os.geteuid() != 0:
        assert runs_as(None, tmp_path, Scope.SYSTEM) == tmp_path.owner()


def test_it_runs_as_root_only_if_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)

    assert runs_as("root", tmp_path, Scope.SYSTEM) == "root"
    with pytest.raises(ServiceError, match=r"would run as root.*--run-as"):
        runs_as(None, tmp_path / "none", Scope.SYSTEM)


def test_a_service_of_one_s_own_runs_as_oneself_and_nobody_else(tmp_path: Path) -> None:
    assert runs_as(None, tmp_path, Scope.USER) is None
    with pytest.raises(ServiceError, match=r"cannot run as ann: leave out --run-as"):
        runs_as("ann", tmp_path, Scope.USER)
