"""Which entries of a folder are no drops, and by which rule."""

import re
import stat
from collections.abc import Iterator
from enum import StrEnum
from typing import Final


class IgnoreRule(StrEnum):
    """Why an entry of the inbox is left alone; each says it in words for a person."""

    HIDDEN = (
        "its name begins with a dot, so it is hidden",
        "give it a name that does not begin with a dot",
    )
    UNFINISHED = (
        "its name is one that programs give to files which are not finished",
        "rename it once it is finished",
    )
    LITTER = (
        "systems and editors leave files of this name beside people's",
        "give it another name if it is a picture of yours",
    )
    SIDECAR = (
        "cameras, phones and photo programs keep notes about a picture in files of this name",
        "give it another name if it is a picture of yours",
    )
    FOREIGN_FOLDER = (
        "it lies in a folder that is hidden, or belongs to a system or an unfinished copy",
        "move the picture into another folder of the inbox",
    )
    LINK = (
        "it is a symbolic link, which is never followed",
        "put a copy of the picture in its place",
    )
    FOLDER = ("it is a folder", "put pictures into it")
    SPECIAL = (
        "it is no regular file, but a pipe, a socket or a device",
        "put a regular file in its place",
    )

    remedy: str
    """What a person can do who wants the picture read."""

    def __new__(cls, text: str, remedy: str) -> "IgnoreRule":
        """Keep the remedy beside the reason, so that no rule is without one."""
        rule = str.__new__(cls, text)
        rule._value_ = text
        rule.remedy = remedy
        return rule


UNFINISHED: Final = (
    *("tmp", "temp", "part", "partial", "filepart", "incomplete", "inprogress", "unfinished"),
    *("download", "downloading", "crdownload", "unconfirmed", "opdownload"),  # Safari, Chrome, ...
    *("upload", "uploading", "copying", "crswap", "ffs_tmp", "gdownload"),
    *("aria2", "aria2__temp", "lftp-pget-status", "fdmdownload", "dtapart", "chunk", "dctmp"),
    *("!qb", "!ut", "!sync", "!bt", "bt!", "bc!", "jc!", "az!", "xltd", "td", "met"),  # BitTorrent
    *("icloud", "nextcloud", "owncloud", "rsls"),  # stand for what is not on this disk
)
"""Suffixes in small letters: browsers, download and sync programs, scp and FTP clients."""

LITTER: Final = ("swp", "swx", "swo", "bak", "lock", "ffs_db", "identifier")
"""Suffixes of editors, of programs that lock files, and `Zone.Identifier` of Windows."""

LITTER_NAMES: Final = (
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"),
    "4913",  # by which Vim tries out a folder
)
"""Whole names in small letters."""

SIDECARS: Final = ("xmp", "aae", "json", "thm", "pp3", "dop", "nksc", "vrd")
"""Suffixes of notes about a picture: Adobe, Apple, Google Takeout, Canon, raw converters."""

FOREIGN_FOLDERS: Final = (
    *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin", "@tmp"),
    *("~snapshot", "__macosx", "network trash folder", "temporary items", "lost+found"),
    *("system volume information", "$recycle.bin", "recycler", "recycled"),
)
"""Whole names in small letters: of Synology, QNAP, NetApp, macOS, Windows."""

_RULES: Final = {
    **dict.fromkeys(UNFINISHED, IgnoreRule.UNFINISHED),
    **dict.fromkeys(LITTER, IgnoreRule.LITTER),
    **dict.fromkeys(SIDECARS, IgnoreRule.SIDECAR),
}
_SIGN: Final = re.compile("[~#:@\uf03a]")
# Where a file system knows no streams, Windows' and macOS' notes on a file become files beside
# it; U+F03A is how WSL and Samba write the colon.
_ODD: Final = re.compile(
    r"""~\$.* | \#.*\# | .*~                                        # Office, Emacs, editors
    | .*[:\uf03a](?:\$data | smartscreen | encryptable | favicon | afp_\w+
                  | com\.(?:apple|dropbox)\..*)
    | .*@syno(?:eastream|resource)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SAVED: Final = re.compile(r"(.+)\.sb-[0-9a-f]{8}-\w{6}", re.DOTALL)  # macOS saves so, and moves
_SNAPSHOT: Final = re.compile(r"@gmt-[\d.-]+", re.IGNORECASE)
_FIREFOX: Final = re.compile(r"(.+)\.[\w-]{8}(\.\w+)", re.DOTALL)
_RSYNC: Final = re.compile(r"\.(.+)\.\w{6}", re.DOTALL)
_OWNCLOUD: Final = re.compile(r"(.+)\.octransferid\d+", re.IGNORECASE | re.DOTALL)


def by_name(name: str) -> IgnoreRule | None:
    """Give the rule that leaves a file alone for its own name, without its folders."""
    if name.startswith("."):
        return IgnoreRule.HIDDEN
    if rule := _by_suffix(name):
        return rule
    is_odd = _SIGN.search(name) and _ODD.fullmatch(name)
    return IgnoreRule.LITTER if is_odd or name.lower() in LITTER_NAMES else None


def _by_suffix(name: str) -> IgnoreRule | None:
    _, dot, suffix = name.rpartition(".")
    if not dot:
        return None
    is_saved = suffix.startswith("sb-") and _SAVED.fullmatch(name)
    return IgnoreRule.UNFINISHED if is_saved else _RULES.get(suffix.lower())


def is_foreign_folder(folder: str) -> bool:
    """Say whether a folder of this name is not looked into."""
    return (
        folder.startswith(".")
        or folder.lower() in FOREIGN_FOLDERS
        or _by_suffix(folder) is IgnoreRule.UNFINISHED
        or _SNAPSHOT.fullmatch(folder) is not None
    )


def by_path(name: str) -> IgnoreRule | None:
    """Give the rule that leaves a file alone for its name or its folders'.

    Args:
        name: relative to the inbox, with `/` between its parts.
    """
    *folders, last = name.split("/")
    return IgnoreRule.FOREIGN_FOLDER if any(map(is_foreign_folder, folders)) else by_name(last)


def by_kind(mode: int) -> IgnoreRule | None:
    """Give the rule that leaves an entry alone for what it is; None for a regular file.

    Args:
        mode: `st_mode` of the entry itself, never of what a link leads to.
    """
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return IgnoreRule.LINK
    return IgnoreRule.FOLDER if stat.S_ISDIR(mode) else IgnoreRule.SPECIAL


def finished(name: str) -> set[str]:
    """Name the files that an unfinished one may belong to; none for any other file or folder.

    `scans/seven.png.part` and `scans/.seven.png.x8dK2a` belong to `scans/seven.png`. That
    file may be empty or half written, or an earlier one that is about to be replaced.

    Args:
        name: relative to the inbox, with `/` between its parts.
    """
    below, slash, last = name.rpartition("/")
    return {f"{below}{slash}{one}" for one in _finished(last)}


def _finished(name: str) -> Iterator[str]:
    stem = name.rpartition(".")[0]
    if match := _RSYNC.fullmatch(name) or _SAVED.fullmatch(name):
        yield match[1]
    elif _by_suffix(name) is IgnoreRule.UNFINISHED:
        yield stem
        yield stem.lstrip(".")
        if match := _FIREFOX.fullmatch(stem):
            yield match[1] + match[2]
        if match := _OWNCLOUD.fullmatch(stem):
            yield match[1].lstrip(".")


_JUNK: Final = re.compile(
    r"\.d[a-z2-7]{16}\.part|\.DS_Store|\._.*|\.directory|(?:eh)?thumbs\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)


def is_junk(name: str) -> bool:
    """Say whether a file is what a file manager leaves in a folder, or a copy that broke off.

    Nobody's picture has such a name, so it may be deleted with the folder.
    """
    return _JUNK.fullmatch(name) is not None
