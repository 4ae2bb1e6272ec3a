"""The rules by which files and folders of the inbox are left alone."""

import re
import stat
from collections.abc import Iterator
from enum import StrEnum
from typing import Final


class IgnoreRule(StrEnum):
    """The reason why an entry of the inbox is left alone, in words for a person."""

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
    """Advice for a person who wants the picture read."""

    def __new__(cls, text: str, remedy: str) -> "IgnoreRule":
        """Require a remedy for each rule."""
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
    *("icloud", "nextcloud", "owncloud", "rsls"),  # placeholders for files elsewhere
)
"""Suffixes of unfinished files, in lower case: browsers, download and sync programs, scp, FTP."""

LITTER: Final = ("swp", "swx", "swo", "bak", "lock", "ffs_db", "identifier")
"""Suffixes that editors, lock files and the `Zone.Identifier` of Windows have, in lower case."""

LITTER_NAMES: Final = (
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"),
    "4913",  # Vim tests a folder with it
)
"""Whole file names, in lower case."""

SIDECARS: Final = ("xmp", "aae", "json", "thm", "pp3", "dop", "nksc", "vrd")
"""Suffixes of notes about a picture, in lower case: Adobe, Apple, Google Takeout, Canon, ..."""

FOREIGN_FOLDERS: Final = (
    *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin", "@tmp"),
    *("~snapshot", "__macosx", "network trash folder", "temporary items", "lost+found"),
    *("system volume information", "$recycle.bin", "recycler", "recycled"),
)
"""Whole folder names, in lower case: Synology, QNAP, NetApp, macOS, Windows."""

_RULES: Final = {
    **dict.fromkeys(UNFINISHED, IgnoreRule.UNFINISHED),
    **dict.fromkeys(LITTER, IgnoreRule.LITTER),
    **dict.fromkeys(SIDECARS, IgnoreRule.SIDECAR),
}
_LITTER_MARK: Final = re.compile("[~#:@\uf03a]")
# On a file system without streams, the notes that Windows and macOS attach to a file become files
# beside it. WSL and Samba write U+F03A for the colon.
_LITTER_PATTERN: Final = re.compile(
    r"""~\$.* | \#.*\# | .*~                                        # Office, Emacs, editors
    | .*[:\uf03a](?:\$data | smartscreen | encryptable | favicon | afp_\w+
                  | com\.(?:apple|dropbox)\..*)
    | .*@syno(?:eastream|resource)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SAVED: Final = re.compile(r"(.+)\.sb-[0-9a-f]{8}-\w{6}", re.DOTALL)  # macOS, then renamed
_SNAPSHOT: Final = re.compile(r"@gmt-[\d.-]+", re.IGNORECASE)
_FIREFOX: Final = re.compile(r"(.+)\.[\w-]{8}(\.\w+)", re.DOTALL)
_RSYNC: Final = re.compile(r"\.(.+)\.\w{6}", re.DOTALL)
_OWNCLOUD: Final = re.compile(r"(.+)\.octransferid\d+", re.IGNORECASE | re.DOTALL)


def by_name(name: str) -> IgnoreRule | None:
    """Return the rule that a file falls under by its own name, without its folders, else None.

    >>> by_name(".DS_Store").name, by_name("7.png.part").name, by_name("7.png")
    ('HIDDEN', 'UNFINISHED', None)
    """
    if name.startswith("."):
        return IgnoreRule.HIDDEN
    if rule := _by_suffix(name):
        return rule
    is_litter = _LITTER_MARK.search(name) and _LITTER_PATTERN.fullmatch(name)
    return IgnoreRule.LITTER if is_litter or name.lower() in LITTER_NAMES else None


def _by_suffix(name: str) -> IgnoreRule | None:
    _, dot, suffix = name.rpartition(".")
    if not dot:
        return None
    is_saved = suffix.startswith("sb-") and _SAVED.fullmatch(name)
    return IgnoreRule.UNFINISHED if is_saved else _RULES.get(suffix.lower())


def is_foreign_folder(folder: str) -> bool:
    """Return True if a folder of this name is not entered; `folder` is the name without a path."""
    return (
        folder.startswith(".")
        or folder.lower() in FOREIGN_FOLDERS
        or _by_suffix(folder) is IgnoreRule.UNFINISHED
        or _SNAPSHOT.fullmatch(folder) is not None
    )


def is_entered(folder: str) -> bool:
    """Return True if pictures are looked for in a folder of this name."""
    return not is_foreign_folder(folder)


def by_path(name: str) -> IgnoreRule | None:
    """Return the rule that a file falls under by its name or by a folder on its path, else None.

    Args:
        name: path relative to the inbox, with `/` between the parts.
    """
    *folders, last = name.split("/")
    return IgnoreRule.FOREIGN_FOLDER if any(map(is_foreign_folder, folders)) else by_name(last)


def by_kind(mode: int) -> IgnoreRule | None:
    """Return the rule for an entry that is no regular file; None for a regular file.

    Args:
        mode: `st_mode` of the entry itself, not of the target of a link.
    """
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return IgnoreRule.LINK
    return IgnoreRule.FOLDER if stat.S_ISDIR(mode) else IgnoreRule.SPECIAL


def final_names(name: str) -> set[str]:
    """Return the names that an unfinished file may get in the end; empty for all other names.

    A file of a final name may be there already: empty, half written, or an earlier version.

    Args:
        name: path of a file or folder relative to the inbox, with `/` between the parts.

    >>> final_names("scans/.seven.png.x8dK2a")
    {'scans/seven.png'}
    """
    below, slash, last = name.rpartition("/")
    return {f"{below}{slash}{final}" for final in _final_names(last)}


def _final_names(name: str) -> Iterator[str]:
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
    """Return True for the files that file managers and broken-off copies leave in a folder.

    No picture has such a name, so the file may be deleted with its folder.
    """
    return _JUNK.fullmatch(name) is not None
