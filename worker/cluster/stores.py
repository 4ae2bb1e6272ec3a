"""Files by address: read within limits, written whole. Arrow's own file systems do it."""

import os
import time
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from pyarrow import fs

from worker.cluster.addresses import is_remote, scheme
from worker.disk import make_folder, sync_folders
from worker.errors import FolderError, Gone, ReportError, SetupError, TooLarge, Unavailable
from worker.load import load

ASIDE: Final = ".aside-"
"""Begins the name of a file that is being written: hidden from whoever reads the folder."""

_WAITS: Final = (1.0, 4.0, 16.0)  # seconds between tries, beside those of the file system itself
_REFUSED: Final = ("ACCESS_DENIED", "AccessDenied", "PERMISSION_DENIED", "AuthorizationFailure")


class StoreError(SetupError):
    """An object store cannot be reached, or refuses everything."""


def located(address: str) -> tuple[fs.FileSystem, str]:
    """Give the file system of an address, and the path in it."""
    kind = scheme(address)
    if not kind:
        return fs.LocalFileSystem(), address
    path = address.partition("://")[2]
    return _store(kind, path.partition("/")[0]), path


@cache
def _store(kind: str, bucket: str) -> fs.FileSystem:
    try:
        if kind in {"az", "abfs", "abfss"} and "@" not in bucket:
            return _azure()
        # A delayed open makes a small file one request, where it would be three.
        options = "?allow_delayed_open=true" if kind == "s3" else ""
        return fs.FileSystem.from_uri(f"{kind}://{bucket}{options}")[0]
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot use {kind}://{bucket}: {_first_line(error)}") from error


def _azure() -> fs.FileSystem:
    """Find the account where Microsoft's own tools do."""
    environ = os.environ
    account = environ.get("AZURE_STORAGE_ACCOUNT_NAME") or environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise ValueError("expected the account in AZURE_STORAGE_ACCOUNT_NAME")
    key = environ.get("AZURE_STORAGE_ACCOUNT_KEY") or environ.get("AZURE_STORAGE_KEY")
    return fs.AzureFileSystem(account, account_key=key)


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
    for wait in (*_WAITS, None):
        try:
            return _fetch(address, most)
        except FileNotFoundError as error:
            raise Gone("the file is not there any more") from error
        except OSError as error:
            if isinstance(error, PermissionError) or any(word in str(error) for word in _REFUSED):
                raise Unavailable("cannot be opened: the store refuses it") from error
            if wait is None:
                raise StoreError(f"cannot read {address}: {_first_line(error)}") from error
            time.sleep(wait)
    raise AssertionError


def _fetch(address: str, most: int) -> bytes:
    filesystem, path = located(address)
    with filesystem.open_input_file(path) as file:
        size = file.size()
        if size > most:
            raise TooLarge(f"the file has {size:,} bytes, at most {most:,} are read")
        content: bytes = file.read()
    return content


def head(address: str, length: int) -> bytes:
    """Read how a file begins; nothing where it cannot be read."""
    filesystem, path = located(address)
    try:
        with filesystem.open_input_file(path) as file:
            content: bytes = file.read(length)
    except OSError:
        return b""
    return content


def get(address: str) -> bytes | None:
    """Read a file of ours; None if there is none.

    Raises:
        ReportError: it cannot be read.
    """
    filesystem, path = located(address)
    try:
        with filesystem.open_input_file(path) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReportError(f"cannot read {address}: {_first_line(error)}") from error
    return content


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
            _put_aside_and_rename(Path(address), content)
    except OSError as error:
        raise ReportError(
            f"cannot write {address}: {_first_line(error)}; put it right, then run it again: "
            "it goes on where it stopped"
        ) from error


def _put_aside_and_rename(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    aside = path.with_name(f"{ASIDE}{path.name}-{uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folders([path.parent])


def tidy(folder: str) -> None:
    """Delete what a killed process left aside."""
    if not is_remote(folder):
        for path in Path(folder).rglob(f"{ASIDE}*"):
            path.unlink(missing_ok=True)


def kind_of(address: str) -> fs.FileType:
    """Tell a file from a folder, or from nothing.

    Raises:
        FolderError: the store does not say.
    """
    filesystem, path = located(address)
    try:
        return filesystem.get_file_info(path).type
    except OSError as error:
        raise FolderError(f"cannot look at {address}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
