"""A disk that keeps what was synced, and of the rest what one chooses.

After Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014), and Mohan et al.,
"Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing" (OSDI 2018).

It keeps a journal, as ext4 and XFS do: names come through in the order in which they were made,
any fsync brings all earlier ones along, and bytes come in any order or not at all. A file system
without a journal, such as FAT, may do worse.
"""

import os
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class Named:
    """A name in a folder comes, or goes (`node` is None)."""

    folder: int
    name: bytes
    node: int | None
    is_folder: bool = False


@dataclass(frozen=True)
class Written:
    """Bytes of a file are written."""

    node: int
    at: int
    content: bytes


@dataclass(frozen=True)
class Cut:
    """A file gets another length."""

    node: int
    size: int


@dataclass(frozen=True)
class Synced:
    """All names so far, and the bytes of one file, are on the disk for good."""

    node: int


Change: TypeAlias = Named | Written | Cut
Step: TypeAlias = Synced | tuple[Change, ...]
"""What one operation does; `tuple` for those that may be lost."""


@dataclass
class Disk:
    """Files and folders by number; the folder 0 is the one that all others are below."""

    folders: dict[int, dict[bytes, int]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)

    def change(self, changes: Iterable[Change]) -> None:
        """Do what an operation does, as far as it has anything to do it to."""
        for change in changes:
            if isinstance(change, Named):
                names = self.folders.setdefault(change.folder, {})
                if change.node is None:
                    names.pop(change.name, None)
                else:
                    names[change.name] = change.node
                    if change.is_folder:
                        self.folders.setdefault(change.node, {})
            elif isinstance(change, Cut):
                old = self.files.get(change.node, b"")
                self.files[change.node] = old[: change.size].ljust(change.size, b"\0")
            else:
                old, end = self.files.get(change.node, b""), change.at + len(change.content)
                before = old[: change.at].ljust(change.at, b"\0")
                self.files[change.node] = before + change.content + old[end:]

    def lay_out(self, root: Path) -> None:
        """Make the files and folders that this disk has, below a folder that is there."""
        self._lay_out(0, root, {})

    def contents(self) -> tuple[object, ...]:
        """Give what can be reached, so that two disks can be compared."""
        return tuple(self._walk(0, b""))

    def _walk(self, folder: int, below: bytes) -> Iterator[tuple[bytes, int | None, bytes]]:
        for name, node in sorted(self.folders.get(folder, {}).items()):
            path = below + b"/" + name
            if node in self.folders:
                yield path, None, b""
                yield from self._walk(node, path)
            else:
                yield path, node, self.files.get(node, b"")

    def _lay_out(self, folder: int, path: Path, made: dict[int, Path]) -> None:
        for name, node in self.folders.get(folder, {}).items():
            target = path / os.fsdecode(name)
            if node in made:
                target.hardlink_to(made[node])
            elif node in self.folders:
                target.mkdir()
                self._lay_out(node, target, made)
            else:
                target.write_bytes(self.files.get(node, b""))
                made[node] = target


def states(
    start: Disk, steps: Iterable[Step], *, apart: bool = False
) -> Iterator[tuple[str, Disk]]:
    """Give every disk that a power cut may leave, after each operation, with how it came.

    Args:
        start: what is there before, all of it synced.
        steps: what is done then.
        apart: what lies directly in folder 0 are disks of their own, each with its journal. Of
            all but one of them either all comes through that was not synced, or nothing.
    """
    safe, disks = deepcopy(start), _Disks(start, apart=apart)
    pending: dict[bytes, list[tuple[Change, ...]]] = {}
    yield "before all", deepcopy(safe)
    for number, step in enumerate(steps, 1):
        if isinstance(step, Synced):
            mine = pending.get(disks.of_node(step.node), [])
            for changes in mine:
                safe.change(one for one in changes if _is_kept(one, step))
            rest = (tuple(one for one in some if not _is_kept(one, step)) for some in mine)
            pending[disks.of_node(step.node)] = [changes for changes in rest if changes]
        else:
            pending.setdefault(disks.of(step), []).append(step)
        for disk, mine in list(pending.items()) or [(b"", [])]:
            others = [step for name, some in pending.items() if name != disk for step in some]
            for told, coming in may_come(mine):
                for more, also in (("", []), (", all else", others))[: 1 + bool(others)]:
                    left = deepcopy(safe)
                    left.change(one for some in also for one in some)
                    left.change(coming)
                    yield f"{number}, {told}{more}", left


def may_come(pending: list[tuple[Change, ...]]) -> Iterator[tuple[str, list[Change]]]:
    """Give what may come through of what was not synced yet.

    Nothing; or one change of bytes, any one; or the first names, and of new bytes nothing,
    or only their number, as zeros.
    """
    yield "nothing unsynced", []
    for lucky, changes in enumerate(pending):
        found: list[Change] = [one for one in changes if not isinstance(one, Named)]
        yield f"bytes of {lucky + 1} of {len(pending)}", found
    bare: list[Change] = []
    zeros: list[Change] = []
    for upto, changes in enumerate(pending):
        bare += (one for one in changes if isinstance(one, Named))
        zeros += map(_zeroed, changes)
        yield f"names of {upto + 1} of {len(pending)}", list(bare)
        yield f"names of {upto + 1} of {len(pending)}, zeros", list(zeros)


class _Disks:
    """Knows on which disk each file and folder lies."""

    def __init__(self, start: Disk, *, apart: bool) -> None:
        self._apart = apart
        self._known: dict[int, bytes] = {}
        for name, node in start.folders.get(0, {}).items():
            self._take(start, node, name if apart else b"")

    def _take(self, start: Disk, node: int, disk: bytes) -> None:
        self._known[node] = disk
        for below in start.folders.get(node, {}).values():
            self._take(start, below, disk)

    def of_node(self, node: int) -> bytes:
        """Name the disk of a file or folder; that of folder 0 has no name."""
        return self._known.get(node, b"")

    def of(self, step: tuple[Change, ...]) -> bytes:
        """Name the disk that an operation changes, and know what it makes.

        Raises:
            ValueError: there are two.
        """
        found = {self._of(change) for change in step}
        if len(found) != 1:
            raise ValueError(f"an operation on two disks: {step}")
        return found.pop()

    def _of(self, change: Change) -> bytes:
        if not isinstance(change, Named):
            return self.of_node(change.node)
        is_top = self._apart and not change.folder
        disk = change.name if is_top else self.of_node(change.folder)
        if change.node is not None:
            self._known.setdefault(change.node, disk)
        return disk


def _is_kept(change: Change, by: Synced) -> bool:
    return isinstance(change, Named) or change.node == by.node


def _zeroed(change: Change) -> Change:
    if isinstance(change, Written):
        return Written(change.node, change.at, bytes(len(change.content)))
    return change
