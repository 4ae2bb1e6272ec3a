"""Where pictures and shards lie: in a folder, or in a bucket of an object store."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitdrop.errors import FolderError

STORES: Final = ("s3", "gs", "gcs", "az", "abfs", "abfss")
"""Schemes of object stores: Amazon's and all that speak its language, Google's, Microsoft's."""

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")  # `c:\scans` has none
_LISTS: Final = (".txt", ".parquet")


def is_remote(address: str) -> bool:
    """Say whether an address is one in an object store, and not a path."""
    return scheme(address) in STORES


def scheme(address: str) -> str:
    """Give the scheme of an address; empty for a path."""
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def normal(text: str, *, here: Path | None = None) -> str:
    """Give what was typed its one form: an absolute path, or SCHEME://BUCKET/KEY.

    Args:
        text: a path, or an address.
        here: the folder that relative paths begin at; that of this process if None.

    Raises:
        FolderError: its scheme is none that can be read.
    """
    kind = scheme(text)
    if not kind:
        return str((here or Path.cwd()) / text)
    if kind == "file":
        return str(Path(url2pathname(urlsplit(text).path)))
    if kind not in STORES:
        raise FolderError(
            f"cannot read {kind}:// addresses: expected a path, file://, s3://, gs:// or az://"
        )
    return kind + text[len(kind) :].rstrip("/")


def is_list(address: str) -> bool:
    """Say whether a source that is a file lists addresses, and is no picture itself."""
    return address.lower().endswith(_LISTS)


def is_below(address: str, folders: list[str]) -> bool:
    """Say whether an address is one of these, or lies below one of them."""
    return any(address == folder or address.startswith(f"{folder}/") for folder in folders)
