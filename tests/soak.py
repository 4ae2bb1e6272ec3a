"""Long runs of the real worker, with the sizes of your choice.

    python tests/soak.py kills --drops 20000 --kills 200
    python tests/soak.py stopped --drops 40000
    python tests/soak.py bursts --drops 100000 --restarts 20
    python tests/soak.py crew --drops 60000 --kills 60
    python tests/soak.py people --drops 5000

`kills`: SIGKILL at random moments while drops come in.
`crew`: a backlog that two processes read; at random, one of them is killed, or the worker.
`people`: they write over, replace, rename and delete what they dropped, at any moment.
`stopped`: SIGSTOP, more files than inotify's queue holds, SIGCONT.
`bursts`: a day in an hour, with restarts; says how memory and open files went.
Each ends with a check of every row and picture, and says so.
"""

import argparse
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

from ledger import (  # noqa: E402
    Worker,
    a_picture,
    a_worker,
    audit,
    children,
    files_below,
    on_shelves,
    readers,
    sha256,
    wait_for_the_end,
)

KINDS = [a_picture(number) for number in range(10)]
KINDS += [b"no picture at all", KINDS[7] + b"trailing bytes"]
_RESTART = 2.0  # seconds that a start gets at most, before the next kill


def dropped(folder: Path, number: int) -> tuple[str, bytes]:
    """Drop a file as one of four kinds of people would; give its name and content."""
    content = KINDS[number % len(KINDS)] + b"\n%d" % (number % 5)
    name = f"{number % 7}/{number}.png" if number % 3 else f"{number}.png"
    path, how = folder / "inbox" / name, number % 4
    path.parent.mkdir(exist_ok=True)
    if how == 0:
        path.write_bytes(content)
    elif how == 1:
        aside = folder / "aside"
        aside.write_bytes(content)
        aside.rename(path)
    elif how == 2:
        aside = path.with_name(f".{path.name}.part")
        aside.write_bytes(content)
        aside.rename(path)
    else:
        with path.open("wb") as file:
            for at in range(0, len(content), 100):
                file.write(content[at : at + 100])
                file.flush()
    return name, content


class Sender(threading.Thread):
    """Drops files, at a pace that leaves the worker something to do all the time."""

    def __init__(self, folder: Path, count: int, seconds: float) -> None:
        """Drop `count` files within about so many seconds."""
        super().__init__(daemon=True)
        self._folder, self._count, self._pause = folder, count, seconds / count
        self.drops: list[tuple[str, bytes]] = []

    def run(self) -> None:
        """Drop them."""
        began = time.monotonic()
        for number in range(self._count):
            self.drops.append(dropped(self._folder, number))
            ahead = began + number * self._pause - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


AS_IT_COMES = ("--settle=0.5", "--max-wait=2", "--workers=2", "--page", "-q")
"""Options of the worker, but for a shorter patience with half pictures."""


def start(folder: Path) -> Worker:
    """Start the worker."""
    return Worker(folder, *AS_IT_COMES)


def finish(folder: Path, drops: list[tuple[str, bytes]], seconds: float) -> None:
    """Let a worker come to rest, and check.

    Raises:
        AssertionError: something is lost, doubled or unknown.
    """
    with a_worker(folder, *AS_IT_COMES[:-1]) as worker:
        worker.waits_until(lambda: worker.is_idle() and worker.is_idle(), seconds)
        worker.stop()
    complaints = audit(folder / "inbox", folder / "outbox", drops)
    assert not complaints, complaints


def kills(folder: Path, options: argparse.Namespace) -> str:
    """Kill at random moments."""
    choose = random.Random(options.seed)
    seconds = options.kills * _RESTART * 0.75
    sender = Sender(folder, options.drops, seconds)
    sender.start()
    busy = 0
    for _ in range(options.kills):
        worker = start(folder)
        time.sleep(choose.uniform(0.3, _RESTART))
        worker.kill()
        busy += bool(files_below(folder / "inbox" / ".claimed"))
    sender.join()
    finish(folder, sender.drops, 600)
    return f"{options.kills} kills, {busy} of them with pictures in hand"


def pool(folder: Path, options: argparse.Namespace) -> str:
    """Kill those who read at random moments, and now and then the worker."""
    choose = random.Random(options.seed)
    drops = [dropped(folder, number) for number in range(options.drops)]
    mates = workers = 0
    worker = start(folder)
    while mates + workers < options.kills and files_below(folder / "inbox"):
        time.sleep(choose.uniform(0.1, 1.5))
        reading = readers(worker.process.pid)
        if reading and choose.random() < 0.7:
            with suppress(ProcessLookupError):
                os.kill(choose.choice(reading), signal.SIGKILL)
                mates += 1
        elif choose.random() < 0.5:
            left = children(worker.process.pid)
            worker.kill()
            workers += 1
            wait_for_the_end(reading, 10)
            wait_for_the_end(left, 120)  # one of them may be making the last page, at its leisure
            worker = start(folder)
    worker.kill()
    finish(folder, drops, 600)
    return f"{mates} times one that reads was killed, {workers} times the worker"


def people(folder: Path, options: argparse.Namespace) -> str:
    """Do to files what people do, without a thought for who reads them."""
    contents = unlike_pictures(options.drops)
    with a_worker(folder, *AS_IT_COMES) as worker:
        left = what_people_do(folder, contents, random.Random(options.seed))
        worker.waits_until(lambda: not files_below(worker.inbox), 600)
        worker.stop()
    found = worker.rows()
    read = Counter(row["sha256"] for row in found)
    there = Counter(sha256(path.read_bytes()) for path in on_shelves(worker.outbox))
    assert read == there, "a row without its picture, or a picture without its row"
    assert len({row["id"] for row in found}) == len(found)
    assert not Counter(left) - read, "a picture that nobody took away has no row"
    assert max(read.values()) == 1, "a picture was read twice"
    whole = sum(read[sha256(content)] for content in contents)
    return f"{whole:,} read whole, {len(found) - whole} cut short by their owners"


def what_people_do(folder: Path, contents: list[bytes], choose: random.Random) -> list[str]:
    """Drop, write over, rename and delete; give the SHA-256 of what nobody took away again."""
    inbox = folder / "inbox"
    last: dict[str, str] = {}
    """SHA-256 of what was dropped last under a name, unless somebody took it away."""
    for content in contents:
        name, other = (f"{choose.randrange(8)}.png" for _ in range(2))
        act = choose.choice(["replaces", "writes over", "replaces", "renames", "deletes"])
        last.pop(name, None)
        if act == "replaces":
            (folder / "aside").write_bytes(content)
            (folder / "aside").replace(inbox / name)
            last[name] = sha256(content)
        elif act == "writes over":
            write_slowly(inbox / name, content, choose)
            last[name] = sha256(content)
        elif act == "renames":
            last.pop(other, None)
            with suppress(FileNotFoundError):
                (inbox / name).rename(inbox / other)
        else:
            (inbox / name).unlink(missing_ok=True)
        time.sleep(choose.uniform(0, 0.02))
    return list(last.values())


def write_slowly(path: Path, content: bytes, choose: random.Random) -> None:
    """Write a file where it lies, with pauses that a worker may take for its end."""
    # The last 21 bytes of a PNG add nothing to its pixels: it is read without.
    ends = [*range(100, len(content) - 30, 100), len(content)]
    with path.open("wb", buffering=0) as file:
        for at, end in zip([0, *ends], ends, strict=False):
            file.write(content[at:end])
            time.sleep(choose.uniform(0, 0.06))


def unlike_pictures(count: int) -> list[bytes]:
    """Draw pictures no two of which have the same bytes."""
    noise = np.random.default_rng(0)
    pictures = []
    for number in range(count):
        picture = np.array(Image.open(io.BytesIO(a_picture(number % 10))))
        picture[:2] = noise.integers(250, 256, picture[:2].shape)
        pictures.append(cv2.imencode(".png", picture)[1].tobytes())
    return pictures


def stopped(folder: Path, options: argparse.Namespace) -> str:
    """Let events overflow."""
    with a_worker(folder, *AS_IT_COMES) as worker:
        time.sleep(2)
        os.kill(worker.process.pid, signal.SIGSTOP)
        drops = [dropped(folder, number) for number in range(options.drops)]
        os.kill(worker.process.pid, signal.SIGCONT)
        worker.waits_until(lambda: not files_below(folder / "inbox"), 600)
        worker.stop()
    finish(folder, drops, 60)
    most = Path("/proc/sys/fs/inotify/max_queued_events").read_text().strip()
    return f"{options.drops:,} files while it was stopped; inotify's queue holds {most}"


def bursts(folder: Path, options: argparse.Namespace) -> str:
    """Drop in bursts, with restarts in between; note memory and open files."""
    drops: list[tuple[str, bytes]] = []
    notes: list[str] = []
    share = options.drops // options.restarts
    began = time.monotonic()
    for turn in range(options.restarts):
        with a_worker(folder, *AS_IT_COMES) as worker:
            sizes = []
            for burst in range(10):
                first = turn * share + burst * share // 10
                last = turn * share + (burst + 1) * share // 10
                drops += [dropped(folder, number) for number in range(first, last)]
                worker.waits_until(lambda: not files_below(folder / "inbox"), 600)
                sizes.append(_size(worker))
            notes.append(f"{sizes[0]} -> {sizes[-1]}")
            assert worker.stop() < 5
    seconds = time.monotonic() - began
    finish(folder, drops, 60)
    return f"{len(drops):,} in {seconds:.0f} s; " + "; ".join(notes)


def _size(worker: Worker) -> str:
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    kib = int(status.partition("VmRSS:")[2].split()[0])
    files = sum(1 for _ in Path(f"/proc/{worker.process.pid}/fd").iterdir())
    threads = int(status.partition("Threads:")[2].split()[0])
    return f"{kib / 1024:.0f} MiB, {files} files, {threads} threads"


def main() -> None:
    """Run one, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kills", "stopped", "bursts", "crew", "people"])
    parser.add_argument("--drops", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    (folder / "inbox").mkdir()
    runs = {
        "kills": kills, "stopped": stopped, "bursts": bursts, "crew": pool, "people": people
    }  # fmt: skip
    told = runs[options.what](folder, options)
    print(f"{options.what}: {options.drops:,} drops, nothing lost, nothing twice; {told}")
    shutil.rmtree(folder, ignore_errors=True)  # the last page may come yet


if __name__ == "__main__":
    main()
