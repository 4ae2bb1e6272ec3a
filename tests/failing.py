"""Operations of a process that fail from some point on, for good: of `outage.py`."""

import errno
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import crash
from digitdrop.cli.commands.status import examine_worker

NEEDS_ROOM = set(crash.OPERATIONS) - {"unlink", "remove", "rmdir", "truncate", "ftruncate"}
ERRORS = {
    "ENOSPC": NEEDS_ROOM,
    "EIO": set(crash.OPERATIONS),
    "EACCES": set(crash.OPERATIONS) - {"write", "fsync", "ftruncate", "sendfile"},
    "EROFS": set(crash.OPERATIONS) - {"write", "fsync", "ftruncate", "sendfile"},
    "EMFILE": {"open"},
    "ESTALE": set(crash.OPERATIONS),
}
"""Operations that may fail with each error."""
SEEN_BY_OTHERS = {"EACCES", "EROFS"}
KINDS = ("same", "any")
SIDES = ("inbox", "outbox", "both")


@dataclass
class Outage:
    """Operations that fail from the N-th one of a process on."""

    at: int
    error: str
    kind: str
    side: str
    shared: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 2))
    """Two flags that both processes see: it has begun, it is over."""
    seen: int = 0
    failing: str = ""
    """The function that fails, if only one does."""

    def __str__(self) -> str:
        """Name it, so that it can be had again."""
        return f"--first={self.at} --errno={self.error} --kind={self.kind} --side={self.side}"

    @property
    def lets_tell(self) -> bool:
        """True if the worker can tell others of it, or they can see it themselves."""
        is_seen = self.error in SEEN_BY_OTHERS or "unlink" not in ERRORS[self.error]
        return is_seen or self.kind == "same" or self.side == "inbox"

    @property
    def has_begun(self) -> bool:
        """True once the N-th operation has come."""
        return bool(self.shared[0])

    def end(self) -> None:
        """Have everything work again."""
        self.shared[1] = 1

    def wrap(self, world: crash.World) -> None:
        """Let it befall this process."""
        crash.use_os_for_all()
        import digitdrop.files.disk

        # What goes past `os` could not fail: as on a system without renameat2.
        digitdrop.files.disk._library = lambda: None  # type: ignore[assignment]
        for name, counts in crash.OPERATIONS.items():
            setattr(os, name, self._wrapped(name, counts, self.folders(world)))

    def folders(self, world: crash.World) -> list[str]:
        """Name the folders that it concerns."""
        sides = {"inbox": world.folder / "inbox", "outbox": world.outbox}
        return [os.fspath(path) for side, path in sides.items() if self.side in {side, "both"}]

    def is_well(self, world: crash.World) -> bool:
        """Ask `status` in this process, which sees what others can see of the outage."""
        real = os.access

        def access(path: Any, mode: int, **more: Any) -> bool:
            is_refused = self.error in SEEN_BY_OTHERS and mode & os.W_OK
            return real(path, mode, **more) and not (
                is_refused and _concerns((path,), {}, self.folders(world))
            )

        os.access = access
        try:
            return not examine_worker(world.folder / "inbox", world.outbox)[1]
        finally:
            os.access = real

    def _wrapped(
        self, name: str, counts: Callable[..., bool], folders: list[str]
    ) -> Callable[..., Any]:
        real = getattr(os, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            concerned = counts(*args, **kwargs) and _concerns(args, kwargs, folders)
            if concerned and self._strikes(name):
                number = getattr(errno, self.error)
                raise OSError(number, os.strerror(number), *map(str, args[:1]))
            return real(*args, **kwargs)

        return wrapped

    def _strikes(self, name: str) -> bool:
        self.seen += name in ERRORS[self.error]
        if self.seen >= self.at and not self.has_begun:
            self.failing = name
            self.shared[0] = 1
        is_meant = name == self.failing if self.kind == "same" else name in ERRORS[self.error]
        return self.has_begun and not self.shared[1] and is_meant


def _concerns(args: tuple[Any, ...], kwargs: dict[str, Any], folders: list[str]) -> bool:
    """Say whether one of the paths or descriptors of a call lies in one of the folders."""
    anchors = [kwargs.get(key) for key in ("dir_fd", "src_dir_fd", "dst_dir_fd")]
    places = [*map(_place, args[:2]), *(_place(one) for one in anchors if one is not None)]
    return any(f"{place}/".startswith(f"{folder}/") for place in places for folder in folders)


def _place(one: Any) -> str:
    """Give the path that an argument stands for; empty if it stands for none."""
    if isinstance(one, int) and not isinstance(one, bool):
        try:
            return os.readlink(f"/proc/self/fd/{one}")  # noqa: PTH115 - no file of ours
        except OSError:  # flags or a mode
            return ""
    return os.fsdecode(one) if isinstance(one, str | os.PathLike) else ""
