"""Read and write files by address: within limits, and whole."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias
from uuid import uuid4

from pyarrow import NativeFile

from digitdrop.cluster.addresses import StoreError, first_line, is_remote, located
from digitdrop.errors import Gone, InputError, ReportError, TooLarge, Unavailable
from digitdrop.files.disk import make_folder, sync_folders, write_whole
from digitdrop.files.load import head_of, load
from digitdrop.files.regular import open_regular
from digitdrop.files.tree import walk

ASIDE: Final = ".aside-"
"""Begins the name of a file that is being written; the dot hides it from readers of the folder."""

WAITS: Final = (1.0, 4.0, 16.0)
"""Seconds between tries of a store; Arrow's file system tries several times as well."""

Content: TypeAlias = "Future[bytes] | None"
"""The bytes of a picture in a store; None for a file, which is loaded when it is read."""

_AHEAD: Final = 16  # pictures that are held at a time
_REFUSED: Final = ("ACCESS_DENIED", "AccessDenied", "PERMISSION_DENIED", "AuthorizationFailure")


def fetch(address: str, *, most: int, waits: Sequence[float] = WAITS) -> bytes:
    """Read the bytes of a picture, once and whole, as `load` does.

    Args:
        address: the picture.
        most: bytes; a longer picture is not read.
        waits: seconds between tries.

    Raises:
        Gone: the file is not there.
        TooLarge: it has more than `most` bytes.
        Unavailable: it may not be read.
        StoreError: the store does not answer, after several tries.
    """
    if not is_remote(address):
        return load(Path(address), most=most)
    return _retried(address, partial(_whole, most=most), waits)


def _whole(file: NativeFile, *, most: int) -> bytes:
    size = file.size()
    if size > most:
        raise TooLarge(f"the file has {size:,} bytes, at most {most:,} are read")
    return file.read()


def head(address: str, length: int, waits: Sequence[float] = WAITS) -> bytes:
    """Read the first bytes of a file; none if it is gone or may not be read.

    Args:
        address: the file.
        length: number of bytes.
        waits: seconds between tries.

    Raises:
        StoreError: the store does not answer, after several tries.
    """
    try:
        if not is_remote(address):
            return head_of(Path(address), length)
        return _retried(address, lambda file: file.read(length), waits)
    except InputError:
        return b""


def _retried(address: str, read: Callable[[NativeFile], bytes], waits: Sequence[float]) -> bytes:
    for wait in waits:
        try:
            return _read_remote(address, read)
        except StoreError:
            time.sleep(wait)
    return _read_remote(address, read)


def _read_remote(address: str, read: Callable[[NativeFile], bytes]) -> bytes:
    """Read a file; distinguish errors of the file from errors of the store."""
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


@contextmanager
def fetched(addresses: Sequence[str], *, most: int) -> Iterator[Iterator[Content]]:
    """Fetch pictures from their store, 16 ahead, and yield them in their order.

    Each is complete when it is yielded: it holds the bytes, or an `InputError`.

    Args:
        addresses: the pictures.
        most: bytes; a longer picture is not fetched.

    Raises:
        StoreError: the store does not answer.
    """
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="fetcher")
    try:
        yield _in_order(addresses, most, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _in_order(addresses: Sequence[str], most: int, pool: ThreadPoolExecutor) -> Iterator[Content]:
    waiting: deque[Content] = deque()
    for address in addresses:
        waiting.append(pool.submit(fetch, address, most=most) if is_remote(address) else None)
        if len(waiting) == _AHEAD:
            yield _complete(waiting.popleft())
    yield from map(_complete, waiting)


def _complete(content: Content) -> Content:
    error = content.exception() if content else None
    if error and not isinstance(error, InputError):
        raise error
    return content


def get(address: str) -> bytes | None:
    """Read a file that this program wrote; None if there is none.

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
    """Open a plan, a shard or a list for reading; the caller closes it.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be opened, or is no regular file.
    """
    if not is_remote(address):
        return open_regular(Path(address))
    filesystem, path = located(address)
    return filesystem.open_input_file(path)


def put(address: str, content: bytes) -> None:
    """Write a file and replace an earlier one; readers never see a part of it.

    Raises:
        ReportError: it cannot be written.
    """
    try:
        if is_remote(address):
            filesystem, path = located(address)
            with filesystem.open_output_stream(path) as stream:
                stream.write(content)  # in one call: the file appears when the stream is closed
        else:
            local = Path(address)
            make_folder(local.parent)
            aside = local.with_name(f"{ASIDE}{local.name}-{uuid4().hex}")
            write_whole(local, content, aside=aside)
            sync_folders([local.parent])
    except OSError as error:
        raise ReportError(
            f"cannot write {address}: {first_line(error)}; put it right, then run it again: "
            "it goes on where it stopped"
        ) from error


def remove_unfinished(folder: str) -> None:
    """Delete the files that killed processes were writing."""
    if not is_remote(folder):
        for name, entry in walk(folder):
            if entry.name.startswith(ASIDE):
                Path(folder, name).unlink(missing_ok=True)
