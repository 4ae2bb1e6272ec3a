"""Count the modules that one dropped picture passes through, and the depth of the worker's calls.

    python benchmarks/way.py [--each]

The service runs in this process and watches an empty inbox. One picture is moved in. A profiler
(`sys.setprofile`, in all threads) looks at each call from the rename that claims the picture
to the removal of its name in the claim folder, when its row is written and it lies in `done/`.

- Modules: files of `digitdrop` with a function on the stack at any of these calls. Callers
  count too: `daemon` and `loop` are on the stack all the time.
- Depth: functions of `digitdrop` on one stack at the same time, from `serve` down. Comprehensions
  and generator expressions count as functions; calls into libraries do not.

`--each` prints the modules and the deepest stack.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

from digitdrop.inference.classifier import Classifier  # noqa: E402
from digitdrop.service.daemon import Service, serve  # noqa: E402
from digitdrop.system.shutdown import Shutdown  # noqa: E402
from digitdrop.values import ANY_COUNT, Limits  # noqa: E402
from ledger import a_picture  # noqa: E402

OURS = f"{ROOT / 'worker' / 'digitdrop'}{os.sep}"
TOO_LONG = 30.0


@dataclass
class Way:
    """The calls seen while the picture is claimed."""

    is_open: bool = False
    modules: set[str] = field(default_factory=set)
    deepest: list[str] = field(default_factory=list)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Begin at the claim and end when the claim is gone; an audit hook."""
        if event == "os.rename" and f"{os.sep}.claimed{os.sep}" in str(arguments[1]):
            self.is_open = True
            self.note(sys._getframe(1))
        elif event == "os.remove" and f"{os.sep}.claimed{os.sep}" in str(arguments[0]):
            self.is_open = False

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Note the stack of a call; for `sys.setprofile`."""
        if self.is_open and event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.note(frame)

    def note(self, frame: FrameType | None) -> None:
        """Note the functions of the worker on a stack."""
        stack = []
        while frame:
            if frame.f_code.co_filename.startswith(OURS):
                name = frame.f_code.co_filename.removeprefix(OURS)
                stack.append(f"{name}: {frame.f_code.co_qualname}")
                self.modules.add(name)
            frame = frame.f_back
        if len(stack) > len(self.deepest):
            self.deepest = stack[::-1]


def walked(folder: Path) -> Way:
    """Have one picture read by a service in this process, and give its way."""
    inbox, outbox, way, shutdown = folder / "inbox", folder / "outbox", Way(), Shutdown()
    classifier = Classifier.load(ROOT / "models", threads=1)
    service = Service(
        inbox=inbox,
        outbox=outbox,
        settle=0.1,
        max_wait=1.0,
        poll=False,
        workers=1,
        limits=Limits(),
        digits=ANY_COUNT,
    )
    sender = threading.Thread(target=_send, args=(folder, shutdown), daemon=True)
    sys.addaudithook(way.audit)
    sender.start()
    threading.setprofile(way.profile)
    sys.setprofile(way.profile)
    try:
        serve(service, classifier, shutdown)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    if not list((outbox / "done").rglob("7.png")):
        raise SystemExit(f"the picture was not archived within {TOO_LONG:.0f} s")
    return way


def _send(folder: Path, shutdown: Shutdown) -> None:
    """Move a picture into the inbox once it is watched; stop the service when it is archived."""
    until = time.monotonic() + TOO_LONG
    (folder / "7.png").write_bytes(a_picture(7))
    while not (folder / "outbox" / ".status.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    (folder / "7.png").rename(folder / "inbox" / "7.png")
    done = folder / "outbox" / "done"
    while not list(done.rglob("7.png")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    shutdown.stop()


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", action="store_true", help="name modules and calls")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="way-"))
    try:
        way = walked(folder)
    finally:
        shutil.rmtree(folder)
    if options.each:
        print(*sorted(way.modules), "", *way.deepest, "", sep="\n")
    print(f"{len(way.modules)} modules, {len(way.deepest)} calls deep")


if __name__ == "__main__":
    main()
