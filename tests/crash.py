"""Kill the worker at its N-th file-system operation, for every N, and look what is left.

    python tests/crash.py watch --mode kill
    python tests/crash.py batch --mode kill
    python tests/crash.py corrections | clearing | rotation | crew

The worker knows nothing of it: this script forks, wraps the functions of `os` in the
child, counts what they change on disk, and lets the real command line run there.

Worlds:
    watch        pictures of every kind in the inbox.
    batch        the same, read in one go.
    corrections  all of them read, then moved and copied into folders of review/.
    clearing     all of them read long ago, and `--keep-done` asked for.
    rotation     all of them read, dropped again, and a report that turns over all the time.
    crew         more of them, so that two processes read while the worker records.

Modes:
    kill    SIGKILL before the N-th operation, for N = 1, 2, 3 ... until a run ends by itself;
            then a start that is left alone, and the check.
    twice   kill at N, start again, kill at M (mostly during recovery), start again, check.
    torn    kill in the middle of a write to the report, after K bytes of it, for every K.
    short   the N-th operation, if it is a write, writes half and tells so, as a full disk does.
    stop    SIGTERM at N, and SIGKILL some operations later; at random.
    fail    the N-th operation fails once, with an error; nobody starts the worker again.
    mate    at the N-th operation one of the crew is killed, as by a system short of memory.
"""

import _pyio  # type: ignore[import-not-found]
import argparse
import atexit
import builtins
import contextlib
import errno
import glob
import io
import os
import random
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

from digitdrop.audit.verify import audit_outbox  # noqa: E402
from digitdrop.retention.time_passed import NOTE  # noqa: E402
from ledger import (  # noqa: E402
    Correction,
    a_picture,
    audit,
    audit_batch,
    drop,
    drop_everything,
    files_below,
    readers,
    sha256,
)

TOO_LONG = 60.0
MOST = 160  # more operations than a run has
MOST_OF_A_CREW = 600


@dataclass
class Fault:
    """What befalls one run of the worker."""

    at: int = 0
    """The operation that it befalls; 0 for none."""
    kind: str = "kill"
    number: int = errno.EIO
    """The error of a failing operation."""
    then: int = 0
    """How many operations after the request to stop the kill comes."""
    no_links: bool = False
    """Whether the file system knows no hard links."""
    seen: int = 0


@dataclass
class World:
    """Some folders with pictures in them, and how the worker is run on them."""

    folder: Path
    outbox: Path
    command: str
    apart: bool = False
    """Whether inbox and outbox count as two file systems, although they are one."""
    drops: list[tuple[str, bytes]] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    """Contents of pictures that are to be cleared."""

    def arguments(self) -> list[str]:
        """Give the command line."""
        if self.command == "batch":
            report = str(self.outbox / "predictions.csv")
            return ["batch", str(self.folder / "inbox"), "--report", report, "-q", "--workers=1"]
        folders = ["--inbox", str(self.folder / "inbox"), "--outbox", str(self.outbox)]
        more = {"clearing": ["--keep-done=1d"], "rotation": ["--rotate=600B"]}
        watch = ["watch", *folders, "--no-page", "--settle=0", "--max-wait=0.3"]
        workers = "--workers=2" if self.command == "crew" else "--workers=1"
        return [*watch, workers, *more.get(self.command, [])]

    def is_idle(self, since: int) -> bool:
        """Say whether the service is up, nothing waits, and nothing is in hand."""
        if self.command == "batch" or not _is_up(self._log()[since:]):
            return False
        busy = [self.folder / "inbox", self.outbox / "done" / LONG_AGO]
        busy += (self.outbox / "review" / name for name in [".claimed", "none", *"0123456789"])
        return not any(files for folder in busy for _, _, files in os.walk(folder))

    def log_size(self) -> int:
        """Say how much the worker has told so far."""
        return len(self._log())

    def log(self) -> str:
        """Give what the worker has told."""
        return self._log().decode(errors="replace")

    def _log(self) -> bytes:
        log = self.folder / "log"
        return log.read_bytes() if log.exists() else b""

    def complaints(self) -> list[str]:
        """Say what is not as promised."""
        if self.command == "batch":
            return audit_batch(self.folder / "inbox", self.outbox, self.drops)
        return audit(
            self.folder / "inbox",
            self.outbox,
            self.drops,
            corrections=self.corrections,
            gone=self.gone,
        )

    def missing(self) -> list[str]:
        """Say what `audit_outbox` takes for lost, also in the middle of things."""
        report = self.outbox / "predictions.csv"
        return (
            [*audit_outbox(self.folder / "inbox", self.outbox, report).missing.values()]
            if report.exists()
            else []
        )


def _is_up(log: bytes) -> bool:
    return b" watching " in log or b"can take files in again" in log


@contextlib.contextmanager
def a_world(options: argparse.Namespace) -> Iterator[World]:
    """Make folders with drops of every kind."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    aside = Path(tempfile.mkdtemp(prefix="crash-", dir=options.far)) if options.far else folder
    try:
        world = World(folder, aside / "outbox", options.command, apart=options.apart)
        world.drops += drop_everything(folder / "inbox")
        prepare = {
            "corrections": _put_right,
            "clearing": _age,
            "rotation": _drop_again,
            "crew": _drop_many,
        }.get(world.command)
        if prepare:
            prepare(world)
        yield world
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(aside, ignore_errors=True)


def _have_it_read(world: World) -> None:
    """Have the worker read all drops; the first world serves as a model for the others."""
    if not _READ:
        _READ.append(Path(tempfile.mkdtemp(prefix="crash-read-")))
        atexit.register(shutil.rmtree, _READ[0])
        first = World(world.folder, _READ[0] / "outbox", "watch", apart=world.apart)
        assert run(first, Fault())
        (world.folder / "log").unlink()
    shutil.rmtree(world.folder / "inbox")
    (world.folder / "inbox").mkdir()
    shutil.copytree(_READ[0] / "outbox", world.outbox)


_READ: list[Path] = []


def _put_right(world: World) -> None:
    """Move pictures as people do: renamed, with a folder, from any shelf; and copy one."""
    _have_it_read(world)
    review, contents = world.outbox / "review", dict(world.drops)
    acts = [
        ("done", "seven.png", "7/seven.png"),
        ("done", "again.png", "3/again.png"),
        ("done", "=1+1 \n\udcff.png", "1/a new name.png"),
        ("review", "empty paper.png", "none/folder/empty paper.png"),
        ("failed", "note.txt", "none/note.txt"),
    ]
    for shelf, name, target in acts:
        (path,) = (world.outbox / shelf).glob(f"20*/{glob.escape(name)}")
        (review / target).parent.mkdir(exist_ok=True)
        path.rename(review / target)
        digit = target.partition("/")[0].replace("none", "")
        world.corrections.append(Correction(name, digit, sha256(contents[name])))
    name = "scans/seven.png"
    (path,) = (world.outbox / "done").glob(f"*/{name}")
    shutil.copyfile(path, review / "8" / "seven.png")
    world.corrections.append(Correction(name, "8", sha256(contents[name]), is_copy=True))


def _age(world: World) -> None:
    """Have all that was read be read long ago, and something dropped today."""
    _have_it_read(world)
    report = world.outbox / "predictions.csv"
    for folder in world.outbox.glob("*/20*"):
        report.write_bytes(
            report.read_bytes().replace(f",{folder.name}T".encode(), f",{LONG_AGO}T".encode())
        )
        world.gone += (path.read_bytes() for path in files_below(folder) if "done" in path.parts)
        folder.rename(folder.with_name(LONG_AGO))
    leftover = world.outbox / "done" / LONG_AGO / f".d{'a' * 16}.part"
    leftover.write_bytes(b"half a copy")
    (leftover.parent / "empty").mkdir()
    now = datetime.now(UTC).isoformat()  # time has passed since then, before the worker's eyes
    (world.outbox / NOTE).write_text(now, encoding="ascii")
    _drop_one(world)


def _drop_again(world: World) -> None:
    """Have all of it read, and drop it once more."""
    _have_it_read(world)
    world.drops += drop_everything(world.folder / "inbox")


def _drop_many(world: World) -> None:
    """Drop some turns more: the first is read without a crew, and each can be longer."""
    many = [(f"many/{number}.png", a_picture(number % 10)) for number in range(150)]
    drop(world.folder / "inbox", many)
    world.drops += many


def _drop_one(world: World) -> None:
    new = ("new.png", a_picture(4))
    drop(world.folder / "inbox", [new])
    world.drops.append(new)


LONG_AGO = "2026-01-05"


def run(world: World, fault: Fault, *, wrapped: "Callable[[Fault], None] | None" = None) -> bool:
    """Run the worker until it is idle; say whether it lived until then.

    Args:
        world: on what.
        fault: what befalls it.
        wrapped: called in the worker's process before it begins; `wrap` if None.

    Raises:
        AssertionError: it ended otherwise than by the fault or by the request to stop.
    """
    told = world.log_size()
    child = os.fork()
    if not child:
        be_the_worker(world, fault, wrapped or wrap)
    began, asked, idle = time.monotonic(), False, 0
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        # Looked at thrice: a file may change folders while they are walked.
        idle = idle + 1 if world.is_idle(since=told) else 0
        if not asked and idle == 3:
            os.kill(child, signal.SIGTERM)
            asked = True
        if time.monotonic() - began > TOO_LONG:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"still busy after {TOO_LONG} s, operation {fault.at}")
        time.sleep(0.005)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:
        return False
    expected = {1} if world.command == "batch" else {0}
    if fault.kind == "fail" and fault.at:
        expected.add(2)  # at the start: one clear line
        if world.command == "batch":
            expected.add(3)  # later, as where a disk is full: one clear line
    if fault.kind == "stop" and fault.at:
        return False
    assert code in expected, f"exit {code}, operation {fault.at}: {world.log()}"
    return code not in {2, 3}


def be_the_worker(world: World, fault: Fault, wrapped: Callable[[Fault], None]) -> None:
    """Run the command line of a world in this process, and end it."""
    try:
        sys.argv = ["digitdrop", *world.arguments()]
        log = os.open(world.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if world.command == "crew":
            _wait_for_the_crew()
        if world.apart:
            _keep_apart(world)
        wrapped(fault)
        from digitdrop.cli.app import app
        from digitdrop.cli.console import run as run_app

        run_app(app)
    except SystemExit as end:
        os._exit(int(end.code or 0))
    except BaseException:
        import traceback

        traceback.print_exc()
    os._exit(99)


def _keep_apart(world: World) -> None:
    """Let no name go from one of the two folders to the other, as between file systems."""
    for name in ("link", "rename"):
        setattr(os, name, _within_a_disk(getattr(os, name), os.fspath(world.folder / "inbox")))


def _within_a_disk(real: Callable[..., Any], inbox: str) -> Callable[..., Any]:
    def within(source: Any, target: Any, **more: Any) -> Any:
        paths = whole(source, more.get("src_dir_fd")), whole(target, more.get("dst_dir_fd"))
        sides = [path.startswith(inbox) for path in paths]
        if sides[0] != sides[1]:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)
        return real(source, target, **more)

    return within


def whole(path: str | Path, folder: int | None) -> str:
    """Give the path of a name that may be relative to an open folder."""
    if folder is None:
        return os.fspath(path)
    return os.fspath(Path(f"/proc/self/fd/{folder}").readlink() / path)


def _wait_for_the_crew() -> None:
    """Have the crew used from the second full turn on, however long pictures take here."""
    from digitdrop.pool import batches
    from digitdrop.pool.pool import WorkerPool

    assert batches._LONG > 0
    setattr(batches, "_LONG", -1.0)  # noqa: B010 - as below
    is_ready = WorkerPool.is_ready

    def waits(pool: WorkerPool) -> bool:
        while pool.is_started and not is_ready(pool):
            time.sleep(0.01)
        return is_ready(pool)

    setattr(WorkerPool, "is_ready", waits)  # noqa: B010 - mypy would not have it


def wrap(fault: Fault) -> None:
    """Count what this process changes on disk from now on, and strike at the chosen moment."""
    use_os_for_all()
    for name, counts in OPERATIONS.items():
        _wrap(name, fault, counts)


def use_os_for_all() -> None:
    """Have the pure Python twin of `io`, which comes to `os` for all that it does."""
    io.open = builtins.open = _pyio.open


def _is_on_disk(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return descriptor > 2 and (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _is_for_writing(path: str, flags: int, *_: Any, **__: Any) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR)) and os.fspath(path) != os.devnull


OPERATIONS: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(
        ("rename", "replace", "link", "unlink", "remove", "rmdir", "mkdir", "truncate"),
        lambda *_, **__: True,
    ),
    **dict.fromkeys(
        ("write", "fsync", "ftruncate", "sendfile"),
        lambda descriptor, *_: _is_on_disk(descriptor),
    ),
    "open": _is_for_writing,
}
"""What a worker changes on disk with: functions of `os`, and which of their calls count."""


def _wrap(name: str, fault: Fault, counts: Callable[..., Any]) -> None:
    real = getattr(os, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not counts(*args, **kwargs):
            return real(*args, **kwargs)
        fault.seen += 1
        if fault.kind == "torn" and name == "write" and len(args[1]) > max(200, fault.at):
            real(args[0], args[1][: fault.at])  # the report's rows: nothing else is as long
            os.kill(os.getpid(), signal.SIGKILL)
        _strike(fault)
        if fault.no_links and name == "link":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), *map(str, args[:1]))
        if fault.seen == fault.at and fault.kind == "short" and name == "write":
            return real(args[0], args[1][: len(args[1]) // 2])
        if fault.seen == fault.at and fault.kind == "fail":
            raise OSError(fault.number, os.strerror(fault.number), *map(str, args[:1]))
        return real(*args, **kwargs)

    setattr(os, name, wrapped)


def _strike(fault: Fault) -> None:
    """Send the signals that are due at this operation."""
    if fault.kind in {"kill", "stop"} and fault.seen == fault.at:
        os.kill(os.getpid(), signal.SIGKILL if fault.kind == "kill" else signal.SIGTERM)
    if fault.kind == "stop" and fault.seen == fault.at + fault.then:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.kind == "mate" and fault.seen == fault.at:
        for pid in readers(os.getpid())[:1]:
            os.kill(pid, signal.SIGKILL)


def check(world: World, told: str, *, no_links: bool) -> None:
    """Start once more, leave it alone, and compare.

    Raises:
        AssertionError: something is lost, doubled, torn or unknown.
    """
    assert run(world, Fault(no_links=no_links))
    complaints = world.complaints()
    if complaints:
        kept = Path(tempfile.gettempdir()) / f"crash-kept-{os.getpid()}"
        shutil.copytree(world.folder, kept, dirs_exist_ok=True, symlinks=True)
        log = world.log()
        raise AssertionError(f"{told}: {complaints}\n{log}\nkept in {kept}")


def every(options: argparse.Namespace) -> int:
    """Strike at each operation in turn; give how many there were."""
    at: int = options.first
    has_lost_a_reader = False
    while options.last is None or at <= options.last:
        with a_world(options) as world:
            kills = options.mode in {"kill", "torn"}
            lived = run(world, a_fault(options, at))
            if world.command == "clearing":  # the note must be there before the first picture goes
                assert not world.missing(), f"{options.mode} at {at}: {world.missing()}"
            if kills or not lived:
                check(world, f"{options.mode} at {at}", no_links=options.no_links)
            complaints, log = world.complaints(), world.log()
            assert not complaints, f"{options.mode} at {at}: {complaints} {log}"
            assert "Traceback" not in log, log
            has_lost_a_reader |= "a process that reads pictures died" in log
            if lived and (kills or at > (MOST_OF_A_CREW if world.command == "crew" else MOST)):
                break
        at += options.every
    assert has_lost_a_reader or options.mode != "mate", "there was no crew to kill one of"
    return at


def at_random(options: argparse.Namespace) -> int:
    """Strike twice in a row, at random pairs of operations."""
    choose = random.Random(options.seed)
    for _ in range(options.count):
        first, second = choose.randint(1, options.last or 80), choose.randint(1, 30)
        with a_world(options) as world:
            if options.mode == "twice":
                run(world, a_fault(options, first))
                run(world, a_fault(options, second))
            else:
                run(world, a_fault(options, first, then=second))
            told = f"{options.mode} at {first} and {second}"
            check(world, told, no_links=options.no_links)
    return int(options.count)


def a_fault(options: argparse.Namespace, at: int, *, then: int = 0) -> Fault:
    """Make what the options name befall the worker at an operation."""
    kind = {"twice": "kill"}.get(options.mode, options.mode)
    return Fault(at=at, then=then, kind=kind, number=options.errno, no_links=options.no_links)


def main() -> None:
    """Sweep, and say how far it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "command", choices=["watch", "batch", "corrections", "clearing", "rotation", "crew"]
    )
    parser.add_argument("--mode", default="kill")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--count", type=int, default=50, help="pairs, for `twice` and `stop`")
    parser.add_argument("--far", type=Path, help="a folder on another file system, for the outbox")
    parser.add_argument("--no-links", action="store_true", help="as if hard links were unknown")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errno", type=lambda name: getattr(errno, name), default=errno.EIO)
    options = parser.parse_args()
    options.apart = False  # as `--far` does with two real ones
    warm_up()
    began = time.monotonic()
    done = (at_random if options.mode in {"twice", "stop"} else every)(options)
    print(f"{options.command} {options.mode}: {done}, {time.monotonic() - began:.0f} s")


def warm_up() -> None:
    """Import once what each fork needs; importing starts no thread that a fork would lose."""
    import digitdrop.batch.batch
    import digitdrop.cli.app
    import digitdrop.service.daemon  # noqa: F401


if __name__ == "__main__":
    main()
