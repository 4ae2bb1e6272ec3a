"""In which order the loop does things, at its start."""

import math
import os
from pathlib import Path
from typing import cast

from digitdrop.files.mounts import HomeDisk
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Settler
from digitdrop.intake.watch import PollingWatch
from digitdrop.pool.batches import BatchSize
from digitdrop.service.batch import BatchService
from digitdrop.service.loop import ServiceLoop, now
from digitdrop.service.maintenance import Maintenance
from digitdrop.system.shutdown import Shutdown


class Folder(type(Path())):  # type: ignore[misc]
    """A folder that notes when it is listed, from its beginning."""

    done: list[str]

    def __fspath__(self) -> str:
        self.done.append("list")
        return str(super().__fspath__())


class Noting:
    """The parts around the loop: they note what they are asked for."""

    def __init__(self, done: list[str], shutdown: Shutdown) -> None:
        self._done = done
        self._shutdown = shutdown
        self.batch_size = BatchSize(1)
        self.batch_size.size = 1

    def serve_batch(self, *_: object, **__: object) -> None:
        self._done.append("read")

    def ready(self) -> None:
        self._done.append("ready")

    def look(self) -> float:
        self._shutdown.stop()
        return 1.0

    def observing(self, how: str) -> None: ...
    def recover(self) -> None: ...
    def finish(self) -> None: ...
    def shrink(self) -> None: ...
    def retry(self) -> float:
        return math.inf

    def late(self) -> list[ListedFile]:
        return []

    def catch_up(self, *, more: bool = False) -> None: ...
    def beat(self) -> None: ...
    def outage(self, what: str, why: str) -> None: ...


class Burst(PollingWatch):
    """A watch that tells of one file, once everything was listed."""

    names = frozenset({"burst.png"})

    def events(self) -> set[str]:
        told, self.names = self.names, frozenset()
        return set(told)


class Paging(Noting):
    """Ends at the first page after something was read, or else at the second look."""

    looks = 0

    def look(self) -> float:
        self.looks += 1
        if self.looks > 1:
            self._shutdown.stop()
        return 0.3

    def step(self) -> bool:
        return False

    def catch_up(self, *, more: bool = False) -> None:
        self._done.append("more" if more else "page")
        if "read" in self._done and not more:
            self._shutdown.stop()


class Refused(Paging):
    """The inbox is gone in the middle of a backlog."""

    def serve_batch(self, *_: object, **__: object) -> None:
        if "read" in self._done:
            self._shutdown.stop()
        self._done.append("read")
        raise FileNotFoundError


def went_round(folder: Path, watch: PollingWatch, parts: Noting, shutdown: Shutdown) -> None:
    ServiceLoop(
        folder=folder,
        service=cast(BatchService, parts),
        settler=Settler(quiet=0, timeout=0, trust_ctime=True),
        watch=watch,
        home=HomeDisk(Path(folder)),
        maintenance=cast(Maintenance, parts),
        shutdown=shutdown,
        clock=now,
        heartbeat=cast(Heartbeat, parts),
        deferred=DeferredQueue(now),
    ).run()


def test_it_is_ready_once_every_name_was_seen_however_many_are_still_to_be_read(
    tmp_path: Path,
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x")
        os.utime(tmp_path / f"{number}.png", (0, 0))
    folder, shutdown = Folder(tmp_path), Shutdown()
    folder.done = []

    went_round(folder, PollingWatch(tmp_path), Noting(folder.done, shutdown), shutdown)

    assert folder.done[:6] == ["list", "ready", "list", "read", "read", "read"]


def test_what_events_told_of_is_in_the_page_before_the_next_listing(tmp_path: Path) -> None:
    hidden = tmp_path / "burst.png.part"  # which a listing leaves alone
    hidden.write_bytes(b"x")
    hidden.rename(tmp_path / "burst.png")
    os.utime(tmp_path / "burst.png", (0, 0))
    shutdown = Shutdown()
    parts = Paging([], shutdown)

    went_round(tmp_path, Burst(tmp_path), parts, shutdown)

    assert parts.looks == 1


def test_in_the_middle_of_a_backlog_its_page_is_told_that_more_is_being_read(
    tmp_path: Path,
) -> None:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(b"x")
        os.utime(tmp_path / f"{number}.png", (0, 0))
    done: list[str] = []
    shutdown = Shutdown()

    went_round(tmp_path, PollingWatch(tmp_path), Paging(done, shutdown), shutdown)

    assert done[:2] == ["ready", "read"]
    assert done.count("more") == done.count("read") == 2


def test_a_backlog_that_cannot_go_on_is_in_the_page_as_far_as_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"x")
    os.utime(tmp_path / "1.png", (0, 0))
    done: list[str] = []
    shutdown = Shutdown()

    went_round(tmp_path, PollingWatch(tmp_path), Refused(done, shutdown), shutdown)

    assert done[:3] == ["ready", "read", "page"]


class Late(Burst):
    """The file that it tells of was written just now."""

    def events(self) -> set[str]:
        told = super().events()
        for name in told:
            (self._folder / name).write_bytes(b"x")
        return told


class Away(Noting):
    """The disk goes once something was told of, and is still away at the next look."""

    ends = beats = 0
    is_away = was_away = False

    def finish(self) -> None:
        self.ends += 1
        if self.ends == 2:
            self.is_away = True
            raise FileNotFoundError

    def recover(self) -> None:
        if self.is_away:
            self.is_away, self.was_away = False, True
            raise FileNotFoundError

    def look(self) -> float:
        if self.was_away:
            self._shutdown.stop()
        return 1.0

    def step(self) -> bool:
        return False

    def beat(self) -> None:
        self.beats += 1


def test_a_worker_that_waits_for_its_disk_waits_idly_though_a_file_is_due(
    tmp_path: Path,
) -> None:
    shutdown = Shutdown()
    parts = Away([], shutdown)

    went_round(tmp_path, Late(tmp_path), parts, shutdown)

    assert parts.was_away
    assert parts.beats < 10
