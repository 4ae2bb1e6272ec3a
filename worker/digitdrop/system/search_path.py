"""Search paths of programs and modules: never the current folder, never a folder of pictures."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.errors import FolderError

PROGRAM_FOLDER: Final = Path(__file__).resolve().parents[2]
"""Folder that holds this package: site-packages, or a clone of the project."""

_SAFE: Final = "PYTHONSAFEPATH"

_Key: TypeAlias = tuple[int, int] | str
"""Identity of a folder: device and inode, or its path if it is not there."""


def harden_search_path() -> None:
    """Keep the current folder off the search paths of all processes; call this first of all.

    Python puts the current folder first on the search path of `python -c` and `python -m`, and
    starts processes so itself. PYTHONSAFEPATH, the same as `-P`, ends that for all processes
    that inherit it. Under `-E` Python ignores the variable: then this process starts again
    with `-P`. Entries of PATH that depend on the current folder are dropped.
    """
    if sys.flags.ignore_environment and not sys.flags.safe_path:
        os.execv(sys.executable, [sys.executable, "-P", *sys.orig_argv[1:]])  # noqa: S606
    os.environ[_SAFE] = "1"
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = [entry for entry in entries if os.path.isabs(entry)]  # noqa: PTH117 - no `Path` yet
    os.environ["PATH"] = os.pathsep.join(absolute or ["/usr/bin", "/bin"])


def open_again() -> None:
    """Undo `harden_search_path` for a process that shall start as this one did."""
    if not sys.flags.safe_path:
        os.environ.pop(_SAFE, None)


@contextmanager
def in_program_folder() -> Iterator[None]:
    """Make the folder of the program the current one in this context.

    Matplotlib reads its settings from the current folder when it is imported. All processes
    of Ray import modules from there.
    """
    try:
        before = Path.cwd()
    except FileNotFoundError:  # it was deleted
        before = PROGRAM_FOLDER
    os.chdir(PROGRAM_FOLDER)
    try:
        yield
    finally:
        os.chdir(before)


def refuse_program_folders(**folders: Path) -> None:
    """Refuse folders of pictures and reports from which programs could be run.

    Args:
        folders: by their names in messages. Files and missing folders do no harm.

    Raises:
        FolderError: an entry of sys.path or PATH is such a folder or lies in one, such a
            folder could take the place of a module, or sys.path has the current folder.
    """
    _check_current()
    for name, folder in folders.items():
        if folder.is_dir() or not folder.exists():
            _check_holds_none(name, folder)
            _check_is_no_module(name, folder)


def _check_current() -> None:
    try:
        here = _key(Path.cwd())
    except FileNotFoundError:  # it was deleted
        return
    ours = {PROGRAM_FOLDER, Path(sys.executable).parent, Path(sys.argv[0]).absolute().parent}
    if here in map(_key, _first()) and here not in map(_key, ours):
        raise FolderError(
            f"Python would load programs from the current folder {Path.cwd()}: run `digitdrop`, "
            "or `python -P -m digitdrop`, and leave that folder out of PYTHONPATH"
        )


def _check_holds_none(name: str, folder: Path) -> None:
    wanted = _key(folder)
    for path, entries in (("sys.path", _python()), ("PATH", _programs())):
        for entry in entries:
            if wanted in map(_key, _above(entry)):
                raise FolderError(
                    f"the {name} {folder} holds {entry}, which is on {path}: what is put there "
                    "could be run as a program; name another folder, or take that one off the path"
                )


def _check_is_no_module(name: str, folder: Path) -> None:
    """Refuse a folder that Python would import in place of a module, if it held code."""
    for child, parent in pairwise(_above(folder)):
        if _key(parent) in map(_key, _python()) and _is_module(child.name, after=parent):
            raise FolderError(
                f"the {name} {folder} could take the place of Python's module {child.name}, "
                f"since {parent} is on sys.path: choose another name for the folder"
            )


def _is_module(name: str, *, after: Path) -> bool:
    """Return True if the search path has a module of this name behind one of its entries."""
    keys = [_key(entry) for entry in _python()]
    behind = keys.index(_key(after))
    entries = zip(keys[behind:], _python()[behind:], strict=True)
    others = [str(entry) for key, entry in entries if key != keys[behind]]
    return name.isidentifier() and bool(PathFinder.find_spec(name, others))


def _above(path: Path) -> list[Path]:
    """Return a folder and its parents, links resolved."""
    real = Path(_real(path))
    return [real, *real.parents]


def _python() -> list[Path]:
    return [*map(Path, sys.path), PROGRAM_FOLDER]


def _first() -> Iterator[Path]:
    """Yield the entries before Python's own modules: PYTHONPATH, and the folder of `python -m`.

    Installed packages come after them, also the clone of another project.
    """
    own = Path(os.__file__).parent
    return takewhile(lambda entry: entry != own, map(Path, sys.path))


def _programs() -> Iterator[Path]:
    yield from map(Path, filter(None, os.environ.get("PATH", "").split(os.pathsep)))
    yield Path(sys.executable).parent


def _key(path: Path) -> _Key:
    try:
        found = path.stat()
    except OSError:
        return _real(path)
    return found.st_dev, found.st_ino


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except FileNotFoundError:  # relative to a folder that was deleted
        return str(path)
