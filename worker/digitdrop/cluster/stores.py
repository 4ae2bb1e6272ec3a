"""The file systems of addresses: Arrow's own, of this machine and of object stores."""

import os
from functools import cache

from pyarrow import fs

from digitdrop.cluster.addresses import scheme
from digitdrop.errors import FolderError, SetupError


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
        raise StoreError(f"cannot use {kind}://{bucket}: {first_line(error)}") from error


def _azure() -> fs.FileSystem:
    """Find the account where Microsoft's own tools do."""
    environ = os.environ
    account = environ.get("AZURE_STORAGE_ACCOUNT_NAME") or environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise ValueError("expected the account in AZURE_STORAGE_ACCOUNT_NAME")
    key = environ.get("AZURE_STORAGE_ACCOUNT_KEY") or environ.get("AZURE_STORAGE_KEY")
    return fs.AzureFileSystem(account, account_key=key)


def file_type(address: str) -> fs.FileType:
    """Tell a file from a folder, or from nothing.

    Raises:
        FolderError: the store does not say.
    """
    filesystem, path = located(address)
    try:
        return filesystem.get_file_info(path).type
    except OSError as error:
        raise FolderError(f"cannot look at {address}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """Give what Arrow says without its traces."""
    return str(error).partition("\n")[0][:300]
