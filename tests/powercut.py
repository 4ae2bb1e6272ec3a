"""Cut the power after each file-system operation of a run, and look what can be made of the rest.

    python tests/powercut.py watch
    python tests/powercut.py batch --every 3

A run of the real worker is recorded: every operation on inbox and outbox, and every fsync. Then
each disk that a power cut may leave at each of these moments is laid out (`disk_model.py`), the
worker is started on it and left alone, and rows and pictures are counted as ever (`crash.py`).
With `--twice`, the power goes a second time while the worker recovers, at random moments.
With `--apart`, inbox and outbox are two disks, each with a journal of its own.
"""

import argparse
import os
import pickle
import random
import shutil
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

import crash  # noqa: E402
from disk_model import Change, Cut, Disk, Named, Step, Synced, Written, states  # noqa: E402
from ledger import every_row  # noqa: E402

PARTS = ("inbox", "outbox")
"""What of a world's folder is on the disk; the log is not."""


class Recorder:
    """Notes what a process does to the disk, from within that process."""

    def __init__(self, folder: Path, numbers: dict[tuple[int, int], int], trace: BinaryIO) -> None:
        """Know the files and folders that are there already by their numbers."""
        self._root = os.fsencode(folder.resolve())
        self._numbers = numbers
        self._trace = trace
        self._real_write = os.write

    def note(self, step: Step) -> None:
        """Write one step down; it outlives this process."""
        self._real_write(self._trace.fileno(), pickle.dumps(step))

    def wrap(self) -> None:
        """Watch the functions of `os` from now on."""
        crash.use_os_for_all()
        watched: dict[str, Callable[..., Any]] = {
            "open": self._open,
            "mkdir": self._mkdir,
            "rename": self._rename,
            "replace": self._rename,
            "link": self._link,
            "unlink": self._remove,
            "remove": self._remove,
            "rmdir": self._remove,
            "write": self._write,
            "sendfile": self._sendfile,
            "ftruncate": self._truncate,
            "fsync": self._fsync,
        }
        for name, around in watched.items():
            setattr(os, name, _bound(around, getattr(os, name)))
        import digitdrop.files.disk

        # What goes past `os` could not be seen: as on a system without renameat2.
        digitdrop.files.disk._library = lambda: None  # type: ignore[assignment]

    def _open(self, real: Callable[..., int], path: Any, flags: int, *more: Any, **kw: Any) -> int:
        is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        descriptor = real(path, flags, *more, **kw)
        if is_new and (place := self._place(path)):
            self.note((Named(*place, self._new(os.fstat(descriptor))),))
        if flags & os.O_TRUNC or is_new:
            self._note_of(descriptor, lambda node: Cut(node, 0))
        return descriptor

    def _mkdir(self, real: Callable[..., None], path: Any, *more: Any, **kw: Any) -> None:
        real(path, *more, **kw)
        path = crash.whole(path, kw.get("dir_fd"))
        if place := self._place(path):
            self.note((Named(*place, self._new(os.lstat(path)), is_folder=True),))

    def _rename(self, real: Callable[..., None], source: Any, target: Any, **kw: Any) -> None:
        real_source, real_target = source, target
        source = crash.whole(source, kw.get("src_dir_fd"))
        target = crash.whole(target, kw.get("dst_dir_fd"))
        status = os.lstat(source)
        number, is_folder = self._known(status), stat.S_ISDIR(status.st_mode)
        real(real_source, real_target, **kw)
        changes = [
            Named(*place, node, is_folder=is_folder and node is not None)
            for place, node in ((self._place(target), number), (self._place(source), None))
            if place
        ]
        self.note(tuple(changes))

    def _link(self, real: Callable[..., None], source: Any, target: Any, **kw: Any) -> None:
        real(source, target, **kw)
        if place := self._place(crash.whole(target, kw.get("dst_dir_fd"))):
            self.note((Named(*place, self._known(os.lstat(source))),))

    def _remove(self, real: Callable[..., None], path: Any, **kw: Any) -> None:
        real(path, **kw)
        if place := self._place(path):
            self.note((Named(*place, None),))

    def _write(self, real: Callable[..., int], descriptor: int, content: Any) -> int:
        count = real(descriptor, content)
        self._note_end(descriptor, count)
        return count

    def _sendfile(self, real: Callable[..., int], descriptor: int, *more: Any) -> int:
        count = real(descriptor, *more)
        self._note_end(descriptor, count)
        return count

    def _truncate(self, real: Callable[..., None], descriptor: int, size: int) -> None:
        real(descriptor, size)
        self._note_of(descriptor, lambda node: Cut(node, size))

    def _fsync(self, real: Callable[..., None], descriptor: int) -> None:
        real(descriptor)
        number = self._known(os.fstat(descriptor))
        if number is not None:
            self.note(Synced(number))

    def _note_end(self, descriptor: int, count: int) -> None:
        """Note the bytes before a descriptor's position."""
        if self._known(os.fstat(descriptor)) is None:
            return
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        with Path(f"/proc/self/fd/{descriptor}").open("rb") as file:
            file.seek(end - count)
            content = file.read(count)
        self._note_of(descriptor, lambda node: Written(node, end - count, content))

    def _note_of(self, descriptor: int, change: Callable[[int], Change]) -> None:
        number = self._known(os.fstat(descriptor))
        if number is not None:
            self.note((change(number),))

    def _place(self, path: Any) -> tuple[int, bytes] | None:
        """Give the number of a path's folder, and its last name; None if it is elsewhere."""
        whole = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - links are not followed
        folder, name = os.path.split(whole)
        if not whole.startswith(self._root + b"/"):
            return None
        if folder == self._root:
            return (0, name) if os.fsdecode(name) in PARTS else None
        number = self._known(Path(os.fsdecode(folder)).stat())
        return None if number is None else (number, name)

    def _known(self, status: os.stat_result) -> int | None:
        return self._numbers.get((status.st_dev, status.st_ino))

    def _new(self, status: os.stat_result) -> int:
        """Number what was made just now; the system may use an inode again, we do not."""
        number = self._numbers[None] = self._numbers.get(None, len(self._numbers)) + 1  # type: ignore[index,call-overload]
        self._numbers[status.st_dev, status.st_ino] = number
        return int(number)


def _bound(around: Callable[..., Any], real: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: around(real, *args, **kwargs)


def what_is_there(folder: Path) -> tuple[Disk, dict[tuple[int, int], int]]:
    """Take down what lies in a world's folder, as synced, with its number by device and inode."""
    disk, numbers = Disk(folders={0: {}}), {_inode(folder): 0}

    def take(path: Path, above: int) -> None:
        number = numbers.setdefault(_inode(path), len(numbers))
        disk.folders[above][os.fsencode(path.name)] = number
        if path.is_dir():
            disk.folders[number] = {}
            for below in sorted(path.iterdir()):
                take(below, number)
        else:
            disk.files[number] = path.read_bytes()

    for part in PARTS:
        if (folder / part).exists():
            take(folder / part, 0)
    return disk, numbers


def _inode(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def lay_out(disk: Disk, folder: Path) -> None:
    """Put a disk in place of what is there."""
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
    disk.lay_out(folder)


def record(world: crash.World) -> list[Step]:
    """Let the worker finish, and give what it did to the disk."""
    _, numbers = what_is_there(world.folder)
    trace = world.folder / "trace"
    with trace.open("wb") as file:
        recorder = Recorder(world.folder, numbers, file)
        assert crash.run(world, crash.Fault(), wrapped=lambda _: recorder.wrap()), world.log()
    steps: list[Step] = []
    with trace.open("rb") as file:
        while file.peek(1):
            steps.append(pickle.load(file))
    return steps


def recover(world: crash.World, disk: Disk, told: str) -> None:
    """Start the worker on what a power cut left.

    Raises:
        AssertionError: a picture or a row is lost or doubled, or a row that was there is not.
    """
    lay_out(disk, world.folder)
    before = _whole_rows(world)
    crash.check(world, told, no_links=False)
    lost = before - _whole_rows(world)
    assert not lost, f"{told}: rows that were on the disk are gone: {lost}"


def _whole_rows(world: crash.World) -> set[tuple[str, ...]]:
    report = world.outbox / "predictions.csv"
    text = report.read_bytes() if report.exists() else b""
    if b"\0" in text:  # zeros in place of a row that was never synced
        return set()
    return {tuple(row.values()) for row in every_row(report) if row["model"]}


def sweep(options: argparse.Namespace) -> tuple[int, int, int]:
    """Cut after each operation; give how many there are, how many states, how many different."""
    with crash.a_world(options) as world:
        start, _ = what_is_there(world.folder)
        steps = record(world)
        assert not world.complaints()
        seen: set[tuple[object, ...]] = set()
        cuts = 0
        for told, disk in states(start, steps, apart=options.apart):
            cuts += 1
            if disk.contents() in seen:
                continue
            seen.add(disk.contents())
            if len(seen) % options.every == 0:
                recover(world, disk, told)
        return len(steps), cuts, len(seen)


def twice(options: argparse.Namespace) -> int:
    """Cut at random, and again while the worker recovers."""
    choose = random.Random(options.seed)
    with crash.a_world(options) as world:
        start, _ = what_is_there(world.folder)
        first = list(states(start, record(world), apart=options.apart))
        for _ in range(options.count):
            told, disk = choose.choice(first)
            lay_out(disk, world.folder)
            left, _ = what_is_there(world.folder)  # numbered as `record` will
            after = states(left, record(world), apart=options.apart)
            then, again = choose.choice(list(after))
            recover(world, again, f"{told}; then {then}")
    return int(options.count)


def main() -> None:
    """Sweep, and say how far it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "command", choices=["watch", "batch", "corrections", "clearing", "rotation"]
    )
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--apart", action="store_true", help="inbox and outbox on two disks")
    parser.add_argument("--count", type=int, default=20, help="pairs, for --twice")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.far = None
    crash.warm_up()
    began = time.monotonic()
    if options.twice:
        told = f"{twice(options)} pairs"
    else:
        operations, cuts, different = sweep(options)
        told = f"{operations} operations, {cuts} disks, {different} of them different"
    print(f"{options.command}: {told}, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
