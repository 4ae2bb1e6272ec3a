"""Which entries of a folder are no drops, and by which rule."""

import re
import stat
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
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
    FOREIGN_FOLDER = (
        "it lies in a folder that is hidden, or belongs to a system",
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

    def __new__(cls, text: str, remedy: str) -> "Rule":
        """Keep the remedy beside the reason, so that no rule is without one."""
        rule = str.__new__(cls, text)
        rule._value_ = text
        rule.remedy = remedy
        return rule


# What browsers, rsync, Syncthing, scp clients, editors, Office, NFS, macOS and Windows write.
_NAMES: Final = re.compile(
    r"""
      (?P<HIDDEN>     \..* )
    | (?P<UNFINISHED> .*\.(?:tmp|temp|part|partial|filepart|crdownload|download|downloading
        |uploading|upload|aria2|!sync|!ut|opdownload|unconfirmed|incomplete) )
    | (?P<LITTER>     [~\#].* | .*~ | .*\.(?:swp|swx|swo|bak|lock)      # ~$report; #autosave#
        | thumbs\.db | desktop\.ini | ehthumbs\.db | 4913 )             # vim tries out a folder
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_FOREIGN_FOLDERS: Final = re.compile(
    r"\..*|@eadir|__macosx|system volume information|\$recycle\.bin", re.IGNORECASE | re.DOTALL
)


def by_name(name: str) -> Rule | None:
    """Give the rule that leaves a file alone for its own name, without its folders."""
    match = _NAMES.fullmatch(name)
    return Rule[match.lastgroup] if match and match.lastgroup else None


def is_foreign(folder: str) -> bool:
    """Say whether a folder of this name is not looked into."""
    return _FOREIGN_FOLDERS.fullmatch(folder) is not None


def by_path(name: str) -> Rule | None:
    """Give the rule that leaves a file alone for its name or its folders'.

    Args:
        name: relative to the inbox, with `/` between its parts.
    """
    *folders, last = name.split("/")
    return Rule.FOREIGN_FOLDER if any(map(is_foreign, folders)) else by_name(last)


def by_kind(mode: int) -> Rule | None:
    """Give the rule that leaves an entry alone for what it is; None for a regular file.

    Args:
        mode: `st_mode` of the entry itself, never of what a link leads to.
    """
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return Rule.LINK
    return Rule.FOLDER if stat.S_ISDIR(mode) else Rule.SPECIAL


_JUNK: Final = re.compile(
    r"\.d[a-z2-7]{16}\.part|\.DS_Store|\._.*|\.directory|(?:eh)?thumbs\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)


def is_junk(name: str) -> bool:
    """Say whether a file is what a file manager leaves in a folder, or a copy that broke off.

    Nobody's picture has such a name, so it may be deleted with the folder.
    """
    return _JUNK.fullmatch(name) is not None
