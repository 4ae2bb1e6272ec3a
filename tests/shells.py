"""Commands as one types them in a shell, and what is to be seen when one goes wrong."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from digitdrop.cli.app import app
from digitdrop.cli.entry import enter
from ledger import DIGITDROP, ROOT, a_picture

WATCH = "watch --inbox in --outbox out --no-page --workers 1"
RUN = f"{shlex.quote(sys.executable)} -P -m digitdrop"


def a_template(folder: Path) -> Path:
    """Fill a folder: an outbox that a run has filled, and what may be mistaken for another."""
    (folder / "in").mkdir()
    (folder / "scans" / "7").mkdir(parents=True)
    (folder / "scans" / "7" / "seven.png").write_bytes(a_picture(7))
    (folder / "seven.png").write_bytes(a_picture(7))
    (folder / "file").write_text("this is no picture")
    (folder / "empty").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    (folder / "broken").symlink_to("nowhere")
    (folder / "out").mkdir()
    done = shell("batch scans --report out/predictions.csv --quiet", folder)
    assert done.returncode == 0, done.stderr
    return folder


def a_copy(template: Path, folder: Path) -> Path:
    """Copy such a folder."""
    shutil.copytree(template, folder, symlinks=True, ignore=shutil.ignore_patterns("fifo"))
    os.mkfifo(folder / "fifo")
    return folder


Done = subprocess.CompletedProcess[bytes]


def shell(line: str, cwd: Path, before: str = "", after: str = "", **variables: str) -> Done:
    """Run a command in a shell: limits before it, redirections after it."""
    return subprocess.run(
        ["bash", "-c", f"{before} exec {RUN} {line} {after}"], cwd=cwd, capture_output=True,
        env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
        check=False, timeout=30,
    )  # fmt: skip


def run(line: str | list[str], cwd: Path, **variables: str) -> Done:
    """Run a command in a process that has Python and the commands loaded: ten times as quick."""
    arguments = shlex.split(line) if isinstance(line, str) else line
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        child = os.fork()
        if not child:
            try:
                os.chdir(cwd)
                os.environ.update(variables)
                for descriptor, file in ((1, out), (2, told)):
                    os.dup2(file.fileno(), descriptor)
                begin(arguments)
            finally:
                os._exit(99)
        code = wait_for(child, 60)
        out.seek(0)
        told.seek(0)
        return Done(arguments, code, out.read(), told.read())


def asked(
    command: str, folder: Path, *more: str, within: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Ask a command about the inbox and the outbox of a folder; it shows no traceback.

    `within` is the command that runs it, such as one that takes rights away.
    """
    words = [command, f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}", *more]
    if within:
        done = subprocess.run(
            [*within, *DIGITDROP, *words], cwd=ROOT, capture_output=True, check=False, timeout=60
        )
    else:
        done = run(words, folder)
    out, told = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    assert "Traceback" not in told, told
    return subprocess.CompletedProcess(words, done.returncode, out, told)


def begun(*arguments: str, cwd: Path) -> "subprocess.Popen[str]":
    """Start a command, and wait until Digitdrop has begun: up to then a signal is Python's."""
    script = (
        "import os, sys\n"
        "from digitdrop.__main__ import main\n"
        "sys.argv[0] = 'digitdrop'\n"
        "os.write(2, b'begun\\n')\n"
        "main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", script, *arguments],
        cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr
    assert process.stderr.readline() == "begun\n"
    return process


def begin(arguments: list[str]) -> None:
    """Do as the installed command does, and end this process."""
    sys.argv = ["digitdrop", *arguments]
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
    warnings.resetwarnings()
    code = 1
    try:
        enter(lambda: app)
    except SystemExit as end:
        code = int(end.code or 0)
    except Exception:
        sys.excepthook(*sys.exc_info())
    sys.stderr.flush()
    os._exit(code)


def wait_for(child: int, seconds: float) -> int:
    """Wait for a process; give its exit code, -9 if it had to be killed."""
    until = time.monotonic() + seconds
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.005)
    return os.waitstatus_to_exitcode(ended[1])


def assert_one_line(done: Done, *codes: int) -> str:
    """See that a command ended with one of these codes and told why in one line; give the line."""
    told = done.stderr.decode(errors="replace")
    assert "Traceback" not in told + done.stdout.decode(errors="replace"), told
    assert done.returncode in codes, f"{done.returncode}: {told}"
    assert len(told.splitlines()) == 1, told
    assert told.startswith("digitdrop: "), told
    assert len(told) < 7_000
    return told


def assert_no_traceback(done: Done, *codes: int) -> None:
    """See that a command ended with one of these codes, and nothing was shown of its insides."""
    told = (done.stderr + done.stdout).decode(errors="replace")
    assert "Traceback" not in told, told
    assert "Exception ignored" not in told, told
    assert done.returncode in codes, f"{done.returncode}: {told}"
