"""Addresses of pictures and shards: paths, or keys in a bucket of an object store."""

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pyarrow import fs

from digitdrop.errors import FolderError, SetupError

_STORES: Final = ("s3", "gs", "gcs", "az", "abfs", "abfss")
"""Schemes of object stores: Amazon S3 and compatible stores, Google, Microsoft."""

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")  # `c:\scans` has none


@dataclass(frozen=True, slots=True)
class ListedObject:
    """A picture to be read."""

    address: str
    """An absolute path, or SCHEME://BUCKET/KEY."""
    name: str
    """Name in the report: relative to the folder or prefix given."""
    size: int = 0
    """Bytes; 0 if that is not known."""


class StoreError(SetupError):
    """An object store cannot be reached, or refuses all requests."""


def is_remote(address: str) -> bool:
    """Return True for an address in an object store, False for a path."""
    return _scheme(address) in _STORES


def _scheme(address: str) -> str:
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def normal(text: str, *, here: Path | None = None) -> str:
    """Return the normal form of an address: an absolute path, or SCHEME://BUCKET/KEY.

    Args:
        text: a path, or an address.
        here: the folder that relative paths begin at; that of this process if None.

    Raises:
        FolderError: the scheme is not supported.

    >>> normal("S3://bucket/scans/"), normal("file:///scans/7.png")
    ('s3://bucket/scans', '/scans/7.png')
    """
    scheme = _scheme(text)
    if not scheme:
        return str((here or Path.cwd()) / text)
    if scheme == "file":
        return str(Path(url2pathname(urlsplit(text).path)))
    if scheme not in _STORES:
        raise FolderError(
            f"cannot read {scheme}:// addresses: expected a path, file://, s3://, gs:// or az://"
        )
    return scheme + text[len(scheme) :].rstrip("/")


def is_below(address: str, folders: list[str]) -> bool:
    """Return True if an address is one of the folders, or lies below one of them."""
    return any(address == folder or address.startswith(f"{folder}/") for folder in folders)


def located(address: str) -> tuple[fs.FileSystem, str]:
    """Return Arrow's file system of an address, and the path in it.

    Raises:
        StoreError: the store cannot be used.
    """
    scheme = _scheme(address)
    if not scheme:
        return fs.LocalFileSystem(), address
    path = address.partition("://")[2]
    return _store(scheme, path.partition("/")[0]), path


@cache
def _store(scheme: str, bucket: str) -> fs.FileSystem:
    try:
        if scheme in {"az", "abfs", "abfss"} and "@" not in bucket:
            return _azure()
        # With a delayed open, a small file takes one request instead of three.
        options = "?allow_delayed_open=true" if scheme == "s3" else ""
        return fs.FileSystem.from_uri(f"{scheme}://{bucket}{options}")[0]
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot use {scheme}://{bucket}: {first_line(error)}") from error


def _azure() -> fs.FileSystem:
    """Take the account from the environment variables of Microsoft's own tools."""
    environ = os.environ
    account = environ.get("AZURE_STORAGE_ACCOUNT_NAME") or environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise ValueError("expected the account in AZURE_STORAGE_ACCOUNT_NAME")
    key = environ.get("AZURE_STORAGE_ACCOUNT_KEY") or environ.get("AZURE_STORAGE_KEY")
    return fs.AzureFileSystem(account, account_key=key)


def first_line(error: Exception) -> str:
    """Return the message of an error of Arrow without its traces, 300 characters at most."""
    return str(error).partition("\n")[0][:300]
