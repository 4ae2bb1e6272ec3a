"""The recipes in deploy/ name nothing that the program does not know."""

import os
import plistlib
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
import yaml
from typer.core import TyperOption

from digitdrop.cli.app import app
from digitdrop.cli.settings import commands, parse
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.status.metrics import Metrics
from ledger import a_worker
from rights import unprivileged

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
COMMANDS = commands(
    typer.Context(typer.main.get_command(app), info_name="digitdrop", resilient_parsing=True)
)
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def variables() -> set[str]:
    return {
        str(one.envvar)
        for command in COMMANDS.values()
        for one in command.params
        if isinstance(one, TyperOption) and one.envvar
    }


def dockerfile() -> list[str]:
    """Give its instructions, each on one line, without comments."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line]


def test_launchd_is_told_a_command_line_that_watch_understands() -> None:
    job = plistlib.loads((DEPLOY / "launchd" / "local.digitdrop.plist").read_bytes())

    _, command, *options = job["ProgramArguments"]
    values = parse(COMMANDS[command], command, options).params
    assert values["inbox"] == "/Users/USER/digits/inbox"
    assert values["outbox"] == "/Users/USER/digits/outbox"
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["RunAtLoad"] is True


def test_the_task_scheduler_is_told_a_command_line_that_watch_understands() -> None:
    task = ElementTree.parse(DEPLOY / "windows" / "digitdrop.xml").getroot()

    words = task.findtext(f".//{TASK}Arguments", "").split()
    values = parse(COMMANDS[words[0]], words[0], words[1:]).params
    assert str(values["inbox"]) == r"C:\Digits\inbox"
    assert task.findtext(f".//{TASK}ExecutionTimeLimit") == "PT0S", "it may run for ever"
    assert task.findtext(f".//{TASK}UserId") == "S-1-5-19", "Local Service, no administrator"


def image() -> list[str]:
    """Give the instructions of the image itself, not of the one that it is built in."""
    lines = dockerfile()
    return lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]


def test_the_image_runs_watch_as_nobody_in_particular() -> None:
    last = image()

    (user,) = [line.split()[1] for line in last if line.startswith("USER ")]
    (command,) = [line for line in last if line.startswith("CMD ")]
    assert user.split(":")[0] not in {"0", "root"}
    assert command == 'CMD ["watch"]'
    assert "VOLUME /data" in last
    assert not any("apt-get" in line or "gcc" in line for line in last)


@pytest.mark.skipif(sys.platform != "linux", reason="the image has GNU find")
def test_the_image_is_healthy_while_the_loop_moves_whatever_a_person_should_see_to(
    tmp_path: Path,
) -> None:
    (health,) = [line for line in image() if line.startswith("HEALTHCHECK ")]
    metrics = tmp_path / "digitdrop.prom"

    def is_healthy() -> bool:
        command = ["sh", "-c", health.partition(" CMD ")[2]]
        environment = {**os.environ, "DIGITDROP_METRICS": str(metrics)}
        return not subprocess.run(command, env=environment, check=False).returncode

    assert not is_healthy(), "no worker has begun"
    (tmp_path / "inbox" / "below").mkdir(parents=True)
    (tmp_path / "inbox" / "below").chmod(0)
    try:
        with a_worker(tmp_path, f"--metrics={metrics}", within=unprivileged()) as worker:
            worker.waits_until(lambda: worker.is_up() and metrics.exists())
            worker.waits_until(lambda: not worker.is_well())
            assert is_healthy()
    finally:
        (tmp_path / "inbox" / "below").chmod(0o700)
    eleven_minutes_ago = time.time() - 660
    os.utime(metrics, (eleven_minutes_ago, eleven_minutes_ago))
    assert not is_healthy(), "it has hung"


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "README.md"])
def test_every_variable_that_a_recipe_sets_is_one_of_ours(name: str) -> None:
    named = set(re.findall(r"\bDIGITDROP_[A-Z_]+", (DEPLOY / name).read_text()))

    assert named
    assert named <= variables()


def test_the_image_is_made_of_what_the_wheel_is_made_of() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    let_in = {line[1:] for line in lines if line.startswith("!")}
    wheel = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert lines[1] == "*"
    assert {name.strip("/") for name in wheel} <= let_in
    assert {project["project"]["readme"], "LICENSE", "pyproject.toml"} <= let_in
    assert all((ROOT / name).exists() for name in let_in)


def test_the_composed_service_can_do_little() -> None:
    (service,) = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()

    assert service["read_only"] is True
    assert service["network_mode"] == "none"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"] == "10m"
    assert service["stop_grace_period"] == "30s"


def test_the_alerts_are_about_figures_that_the_worker_writes(tmp_path: Path) -> None:
    told = WorkerStatus(
        holder="",
        pid=1,
        since="2026-05-01T12:00:00.000Z",
        model="m",
        inbox="inbox",
        settle=2,
        max_wait=60,
    )
    Metrics(tmp_path / "digitdrop.prom", tmp_path, tmp_path).end(told)
    text = (ROOT / "docs" / "operations.md").read_text()

    written = set(re.findall(r"^digitdrop_\w+", (tmp_path / "digitdrop.prom").read_text(), re.M))
    named = set(re.findall(r"\bdigitdrop_\w+", text))
    assert len(named) > 5
    assert named <= written


def test_kuberay_is_told_a_command_line_that_batch_understands() -> None:
    job = yaml.safe_load((DEPLOY / "kuberay" / "rayjob.yaml").read_text())["spec"]

    program, command, *options = job["entrypoint"].split()
    image = (DEPLOY / "kuberay" / "Dockerfile").read_text()
    assert f"/{program}\n" in image
    assert parse(COMMANDS[command], command, options).params["cluster"] == "auto"
    cluster = job["rayClusterSpec"]
    assert f"ray:{cluster['rayVersion']}-" in image
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        (container,) = group["template"]["spec"]["containers"]
        assert container["image"] == "REGISTRY/digitdrop:0.1.0"
        assert {"requests", "limits"} == container["resources"].keys()
    (readers,) = cluster["workerGroupSpecs"]
    assert readers["replicas"] == readers["minReplicas"] == readers["maxReplicas"] == 50
