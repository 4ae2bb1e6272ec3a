"""In which order the loop does things, at its start."""

import os
from pathlib import Path
from typing import cast

from worker.crew.turns import Pace
from worker.health.pulse import Pulse
from worker.intake import Intake
from worker.loop import Loop, now
from worker.mounts import HomeDisk
from worker.settle import Settler
from worker.stopper import Stopper
from worker.tidy.upkeep import Upkeep
from worker.watch import Polling


class Folder(type(Path())):  # type: ignore[misc]
    """A folder that notes when it is listed, from its beginning."""

    done: list[str]

    def __fspath__(self) -> str:
        self.done.append("list")
        return str(super().__fspath__())


class Noting:
    """The parts around the loop: they note what they are asked for."""

    def __init__(self, done: list[str], stopper: Stopper) -> None:
        self._done = done
        self._stopper = stopper
        self.pace = Pace()
        self.pace.size = 1

    def handle(self, *_: object, **__: object) -> None:
        self._done.append("read")

    def ready(self) -> None:
        self._done.append("ready")

    def look(self) -> float:
        self._stopper.stop()
        return 1.0

    def recover(self) -> None: ...
    def finish(self) -> None: ...
    def rest(self) -> None: ...
    def beat(self) -> None: ...


def test_it_is_ready_once_every_name_was_seen_however_many_are_still_to_be_read(
    tmp_path: Path,
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x")
        os.utime(tmp_path / f"{number}.png", (0, 0))
    folder, stopper = Folder(tmp_path), Stopper()
    folder.done = []
    parts = Noting(folder.done, stopper)

    Loop(
        folder=folder,
        intake=cast(Intake, parts),
        settler=Settler(quiet=0, patience=0, trust_ctime=True),
        watch=Polling(tmp_path),
        home=HomeDisk(tmp_path),
        upkeep=cast(Upkeep, parts),
        stopper=stopper,
        clock=now,
        pulse=cast(Pulse, parts),
    ).run()

    assert folder.done[:6] == ["list", "read", "list", "ready", "read", "read"]
