"""Every setting is shown, with the value that counts and where it comes from."""

import json
import os
import subprocess
from pathlib import Path

from ledger import DIGITDROP

ROOT = Path(__file__).parent.parent


def digitdrop(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DIGITDROP_")}
    return subprocess.run(
        [*DIGITDROP, *words],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def settings(*words: str, **variables: str) -> dict[str, dict[str, object]]:
    done = digitdrop("settings", "--json", *words, **variables)
    assert done.returncode == 0, done.stderr
    return {one["option"]: one for one in json.loads(done.stdout)}


def test_each_has_its_value_and_its_origin() -> None:
    found = settings("watch", "--rotate", "month", DIGITDROP_INBOX="scans", DIGITDROP_ROTATE="day")

    assert (found["--inbox"]["value"], found["--inbox"]["origin"]) == ("scans", "environment")
    assert (found["--rotate"]["value"], found["--rotate"]["origin"]) == ("month", "option")
    assert (found["--settle"]["value"], found["--settle"]["origin"]) == ("2.0", "default")
    assert (found["--keep-done"]["value"], found["--keep-done"]["origin"]) == (None, "default")


def test_without_a_command_those_of_all_are_shown_once() -> None:
    found = settings()

    assert found["--inbox"]["commands"] == ["watch", "status", "why", "verify", "repair", "review"]
    assert found["--data"]["commands"] == ["train"]


def test_options_alone_are_taken_for_the_service_s() -> None:
    assert settings("--poll")["--poll"]["value"] == "yes"


def test_a_variable_that_cannot_be_read_is_told_as_the_command_would() -> None:
    done = digitdrop("settings", "watch", DIGITDROP_SETTLE="soon")

    assert done.returncode == 2
    assert "DIGITDROP_SETTLE" in done.stderr or "--settle" in done.stderr


def test_a_command_that_is_none_is_one_clear_line() -> None:
    done = digitdrop("settings", "wach")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "watch" in done.stderr
