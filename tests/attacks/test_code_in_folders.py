"""No Python file, link or program of a folder of pictures, or of the current one, is ever run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import DIGITDROP, ROOT, files_below, wait_until
from traps import Trap

SCRIPT = [str(Path(sys.executable).with_name("digitdrop"))]
MODULE = [*DIGITDROP]
COMMANDS = {
    "batch": "batch . --report ../r.csv --workers=2",
    "why": "why 7.png --inbox . --outbox ../out",
    "verify": "verify --inbox . --outbox ../out",
    "verify of an outbox": "verify --inbox ../in --outbox .",
    "status": "status --inbox . --outbox ../out",
    "repair": "repair --dry-run --inbox . --outbox ../out",
    "report": "report --outbox .",
    "predict": "predict 7.png 3.png --explain ../why.png",
    "evaluate": "evaluate .. --plots ../charts",
    "corrections": "corrections --outbox . --to ../to",
    "settings": "settings watch --inbox .",
    "unit": "service install --print --user --inbox . --outbox ../out",
    "service status": "service status",
}


def a_trap(folder: Path) -> Trap:
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    return Trap(folder / "trap")


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    return a_trap(tmp_path_factory.mktemp("traps"))


def run(words: list[str], cwd: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command whose PATH has the current folder, as an empty entry and as a dot."""
    environment = os.environ | {"PATH": f":.:{os.environ['PATH']}"} | more
    return subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def leave_begun(trap: Trap) -> None:
    """Leave a note as a crash does: that picture is tried in a process of its own."""
    (trap.folder.parent / ".r.csv.begun").write_bytes(os.fsencode(trap.folder / "7.png"))
    (trap.folder / ".r.csv.begun").write_bytes(os.fsencode(trap.below / "7.png"))


def is_one_line(told: str) -> bool:
    return told.startswith("digitdrop: ") and told.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_lies_in_the_current_folder(name: str, trap: Trap) -> None:
    words = COMMANDS[name].replace("evaluate ..", "evaluate .").split()
    leave_begun(trap)

    done = run([*SCRIPT, *words], trap.folder)

    assert trap.sprung() == []
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_lies_above_the_current_folder(name: str, trap: Trap) -> None:
    words = COMMANDS[name].split()
    leave_begun(trap)

    done = run([*MODULE, *words], trap.below)

    assert trap.sprung() == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", [":/usr/bin", ".:/usr/bin", "below/..:/usr/bin", "", "."])
def test_no_program_is_looked_for_in_the_current_folder(path: str, trap: Trap) -> None:
    code = (
        "import subprocess\n"
        "from digitdrop.system import search_path\n"
        "search_path.harden_search_path()\n"
    )
    code += (
        "for name in ('git', 'systemctl', 'ldconfig'): subprocess.run(['env', name, '--version'])"
    )

    run([sys.executable, "-P", "-c", code], trap.folder, PATH=path)

    assert trap.sprung() == []


@pytest.mark.parametrize("flag", ["-E", "-I", "-s"])
def test_no_flag_of_python_lets_the_current_folder_in(flag: str, trap: Trap) -> None:
    words = [sys.executable, flag, *SCRIPT, *COMMANDS["batch"].split()]
    leave_begun(trap)

    done = run(words, trap.folder)

    assert trap.sprung() == []
    assert done.returncode == 0, done.stderr


def test_a_one_shot_run_reads_the_pictures_among_the_code(trap: Trap) -> None:
    done = run([*SCRIPT, "batch", ".", "--report=../whole.csv"], trap.folder)

    assert done.returncode == 0, done.stderr
    assert "6 ok" in done.stdout
    assert trap.sprung() == []


@pytest.mark.slow
def test_training_runs_nothing_of_the_current_folder(trap: Trap) -> None:
    done = run([*SCRIPT, "train", "--data", "."], trap.folder)

    assert trap.sprung() == []
    assert done.returncode == 2


class Service:
    """The service with the trap as its current folder."""

    def __init__(self, trap: Trap, inbox: Path, outbox: Path) -> None:
        """Start it."""
        self._log = trap.folder.with_name("log")
        self._report = outbox / "predictions.csv"
        words = [*SCRIPT, "watch", "--settle=0", "--max-wait=0", "--workers=2"]
        words += [f"--inbox={inbox}", f"--outbox={outbox}"]
        environment = os.environ | {"PATH": f":.:{os.environ['PATH']}"}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=trap.folder, env=environment, stdout=log, stderr=log
            )

    def told(self) -> str:
        """Give its log, and that of those before it."""
        return self._log.read_text(errors="replace")

    def waits_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""

        def is_so_yet() -> bool:
            found = is_so()
            assert found or self.process.poll() is None, self.told()[-3000:]
            return found

        wait_until(is_so_yet, told=self.told)

    def rows(self) -> int:
        """Count the rows of its report."""
        return self._report.read_bytes().count(b"\n") - 1 if self._report.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize("trapped", ["inbox", "outbox"])
def test_the_service_runs_nothing_of_its_folders_not_even_after_a_crash(
    trapped: str, tmp_path: Path
) -> None:
    trap = a_trap(tmp_path)
    inbox, outbox = trap.folder.with_name("in"), trap.folder.with_name("out")
    if trapped == "inbox":
        inbox = trap.folder
        for one in sys.stdlib_module_names:  # some of them are enough
            if "d" < one < "m":
                shutil.rmtree(inbox / one)
    else:
        outbox = trap.folder
        for number in range(200):
            shutil.copy(trap.folder / "7.png", inbox / f"{number}.png")
    files = len([path for path in files_below(inbox) if path.is_file()])

    first = Service(trap, inbox, outbox)
    first.waits_until(lambda: bool(files_below(inbox / ".claimed")))
    first.process.kill()
    first.process.wait()
    then = Service(trap, inbox, outbox)
    try:
        then.waits_until(lambda: then.rows() >= files - 20 and (outbox / "report.html").exists())
        then.process.terminate()
        assert then.process.wait(30) == 0, then.told()
    finally:
        then.process.kill()

    assert "claimed pictures that have no row" in then.told()
    assert trap.sprung() == []


REFUSED = {
    "verify": ["verify", "--outbox=../out", "--inbox"],
    "status": ["status", "--outbox=../out", "--inbox"],
    "why": ["why", "7.png", "--outbox=../out", "--inbox"],
    "watch": ["watch", "--outbox=../out", "--inbox"],
    "watch, an outbox": ["watch", "--inbox=../in", "--outbox"],
    "repair": ["repair", "--outbox=../out", "--inbox"],
    "report": ["report", "--outbox"],
    "corrections": ["corrections", "--to=../to", "--outbox"],
    "unit": ["service", "install", "--print", "--user", "--outbox=../out", "--inbox"],
    "batch": ["batch", "--report=../r.csv"],
    "evaluate": ["evaluate"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_on_the_search_path_is_refused_in_one_line(name: str, trap: Trap) -> None:
    tools = trap.folder / "below"
    path = f"{tools}:{os.environ['PATH']}"

    done = run([*SCRIPT, *REFUSED[name], str(trap.folder)], trap.folder.parent, PATH=path)

    assert done.returncode == 2
    assert is_one_line(done.stderr), done.stderr
    assert str(tools) in done.stderr
    assert trap.sprung() == []


@pytest.mark.parametrize("entry", ["{0}", "{0}/below", "{0}/below/..", "{0}.link"])
def test_a_folder_of_pictures_on_pythonpath_is_refused(entry: str, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "below").mkdir(parents=True)
    (tmp_path / "inbox.link").symlink_to(inbox)
    environment = os.environ | {"PYTHONPATH": entry.format(inbox)}

    words = [*MODULE, "status", f"--inbox={inbox}", f"--outbox={tmp_path / 'outbox'}"]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert is_one_line(done.stderr), done.stderr
    assert "sys.path" in done.stderr


@pytest.mark.parametrize(("name", "is_refused"), [("json", True), ("inbox", False)])
def test_a_folder_beside_modules_may_not_have_the_name_of_one(
    name: str, is_refused: bool, tmp_path: Path
) -> None:
    inbox = tmp_path / name
    inbox.mkdir()
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    words = [*MODULE, "verify", f"--inbox={inbox}", f"--outbox={tmp_path / 'outbox'}"]
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert ("could take the place of Python's module" in done.stderr) == is_refused, done.stderr
    assert not is_refused or done.returncode == 2


@pytest.mark.parametrize(
    ("flags", "variable"), [(["-m"], {}), (["-P", "-m"], {"PYTHONPATH": "."})], ids=str
)
def test_python_with_the_current_folder_on_its_path_is_refused(
    flags: list[str], variable: dict[str, str], tmp_path: Path
) -> None:
    words = [sys.executable, *flags, "digitdrop", "verify", "--inbox=in", "--outbox=out"]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=os.environ | variable,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert is_one_line(done.stderr), done.stderr
    assert "python -P -m digitdrop" in done.stderr


def test_a_project_that_is_installed_from_the_current_folder_is_no_hindrance(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; sys.path.append(sys.argv.pop(1)); from digitdrop.__main__ import main; main()"
    )
    words = [sys.executable, "-P", "-c", code, str(tmp_path)]  # as a .pth file has it

    done = run([*words, "verify", "--inbox=in", "--outbox=out"], tmp_path)

    assert "there is no outbox" in done.stderr
