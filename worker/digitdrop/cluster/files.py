"""Files by address: read within limits, written whole."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from pyarrow import NativeFile

from digitdrop.cluster.addresses import is_remote
from digitdrop.cluster.stores import StoreError, first_line, located
from digitdrop.errors import Gone, InputError, ReportError, TooLarge, Unavailable
from digitdrop.files.disk import make_folder, sync_folders, write_whole
from digitdrop.files.load import head_of, load
from digitdrop.files.regular import open_regular
from digitdrop.files.tree import walk

ASIDE: Final = ".aside-"
"""Begins the name of a file that is being written: hidden from whoever reads the folder."""

_WAITS: Final = (1.0, 4.0, 16.0)  # seconds between tries, beside those of the file system itself
_REFUSED: Final = ("ACCESS_DENIED", "AccessDenied", "PERMISSION_DENIED", "AuthorizationFailure")


def fetch(address: str, *, most: int) -> bytes:
    """Read a file's bytes, once and whole, as `load` does; a longer one than `most` is not read.

    Raises:
        Gone: there is none.
        TooLarge: it has more than `most` bytes.
        Unavailable: it may not be read.
        StoreError: the store does not answer, after several tries.
    """
    if not is_remote(address):
        return load(Path(address), most=most)
    return _patiently(address, partial(_whole, most=most))


def head(address: str, length: int) -> bytes:
    """Read how a file begins; nothing where it may not be read, or is gone.

    Raises:
        StoreError: the store does not answer, after several tries.
    """
    try:
        if not is_remote(address):
            return head_of(Path(address), length)
        return _patiently(address, lambda file: file.read(length))
    except InputError:
        return b""


def _patiently(address: str, read: Callable[[NativeFile], bytes]) -> bytes:
    for wait in _WAITS:
        try:
            return _opened(address, read)
        except StoreError:
            time.sleep(wait)
    return _opened(address, read)


def _opened(address: str, read: Callable[[NativeFile], bytes]) -> bytes:
    """Tell what is the matter with one file from what is the matter with its store."""
    filesystem, path = located(address)
    try:
        with filesystem.open_input_file(path) as file:
            return read(file)
    except FileNotFoundError as error:
        raise Gone("the file is not there any more") from error
    except OSError as error:
        if isinstance(error, PermissionError) or any(word in str(error) for word in _REFUSED):
            raise Unavailable("cannot be opened: the store refuses it") from error
        raise StoreError(f"cannot read {address}: {first_line(error)}") from error


def _whole(file: NativeFile, *, most: int) -> bytes:
    size = file.size()
    if size > most:
        raise TooLarge(f"the file has {size:,} bytes, at most {most:,} are read")
    return file.read()


def get(address: str) -> bytes | None:
    """Read a file of ours; None if there is none.

    Raises:
        ReportError: it cannot be read.
    """
    try:
        with reading(address) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReportError(f"cannot read {address}: {first_line(error)}") from error


def reading(address: str) -> NativeFile | BinaryIO:
    """Open a file of ours, or a list, for reading; close it afterwards.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be opened, or is no regular file.
    """
    if not is_remote(address):
        return open_regular(Path(address))
    filesystem, path = located(address)
    return filesystem.open_input_file(path)


def put(address: str, content: bytes) -> None:
    """Write a file whole, in the place of one of the same name; it appears only when it is whole.

    Raises:
        ReportError: it cannot be written.
    """
    try:
        if is_remote(address):
            filesystem, path = located(address)
            with filesystem.open_output_stream(path) as stream:
                stream.write(content)  # at once: whatever a stream got when it is closed appears
        else:
            _write(Path(address), content)
    except OSError as error:
        raise ReportError(
            f"cannot write {address}: {first_line(error)}; put it right, then run it again: "
            "it goes on where it stopped"
        ) from error


def _write(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    aside = path.with_name(f"{ASIDE}{path.name}-{uuid4().hex}")
    write_whole(path, content, aside=aside)
    sync_folders([path.parent])


def tidy(folder: str) -> None:
    """Delete what a killed process left aside."""
    if not is_remote(folder):
        for name, entry in walk(folder):
            if entry.name.startswith(ASIDE):
                Path(folder, name).unlink(missing_ok=True)
