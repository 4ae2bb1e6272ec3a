"""Cores that this process may use, and the threads of libraries."""

import os
from collections.abc import Iterator
from functools import cache
from math import ceil
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def no_blas_threads() -> None:
    """Keep OpenBLAS from starting a thread for each core; call this before NumPy is imported.

    NumPy and OpenCV bring one OpenBLAS each. No matrix here is large enough for threads, and to
    start them costs every process 0.07 to 0.19 s of CPU time on two cores
    (`docs/performance.md`). Processes that this one starts inherit the setting. A variable that
    an operator has set stays as it is.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@cache
def cores() -> int:
    """Return the number of cores of this process, at least 1; computed once."""
    return usable_cores(_allowed(), quota())


def describe_cores() -> str:
    """Return the number of cores and their limit, in a few words for a person."""
    machine, found = os.cpu_count() or 1, cores()
    if found == machine:
        return f"{found}, all of this machine"
    limit = "the affinity of this process" if found == _allowed() else "the quota of its cgroup"
    return f"{found} of the {machine} of this machine: {limit} allows no more"


def usable_cores(allowed: int, share: float | None) -> int:
    """Return the number of cores worth using, at least 1.

    Args:
        allowed: cores on which the process may run.
        share: CPU time that it may take, in cores; None for no limit. A part of a core
            counts as one.

    >>> usable_cores(8, 1.5)
    2
    """
    return max(1, min(allowed, ceil(share) if share else allowed))


def quota(own: Path = _OWN, root: Path = _CGROUPS) -> float | None:
    """Return the CPU time that the cgroup of a process may take, in cores; None for no limit.

    The tightest limit counts, of the group itself and of its parents. Both versions of cgroups
    are read. Systems other than Linux have none.

    Args:
        own: file with the names of the groups of the process, see cgroups(7).
        root: folder at which cgroups are mounted.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    found = [share for line in lines for share in _shares(line, root)]
    return min(found, default=None)


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _shares(line: str, root: Path) -> Iterator[float]:
    """Yield the limits of a group and its parents, named as in `/proc/self/cgroup`."""
    number, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if number == "0" and not controllers:
        mounts = [root, root / "unified"]
    elif "cpu" in controllers.split(","):
        mounts = [root / "cpu", root / controllers]
    else:
        return
    # In a container the path may begin outside of the mounted folder.
    parts = [part for part in path.split("/") if part not in {"", ".."}]
    for mount in mounts:
        for depth in range(len(parts) + 1):
            yield from _share(mount.joinpath(*parts[:depth]))


def _share(group: Path) -> Iterator[float]:
    try:
        if (group / "cpu.max").exists():  # version 2
            limit, period = (group / "cpu.max").read_text(encoding="utf-8").split()
        else:
            limit, period = (
                (group / f"cpu.cfs_{name}_us").read_text(encoding="utf-8")
                for name in ("quota", "period")
            )
        share = int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # `max`, or no such file
        return
    if share > 0:  # -1 is no limit
        yield share
