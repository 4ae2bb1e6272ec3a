"""Can a service run here, as this user? `python -m worker.usable INBOX OUTBOX MODEL [METRICS]`."""

import os
import sys
from pathlib import Path

from worker.classify import Classifier
from worker.daemon import check_folders
from worker.errors import FolderError, SetupError


def check(inbox: Path, outbox: Path, model: Path, metrics: Path | None = None) -> None:
    """See what the worker will need, as whoever runs this; makes inbox and outbox if need be.

    Raises:
        SetupError: what cannot be used, and what to do.
    """
    check_folders(inbox, outbox)
    for folder in (inbox, outbox):
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise FolderError(
                f"{_who()} may not use {folder}: "
                "the worker needs to read, write, rename and delete in inbox and outbox"
            )
    if metrics and not os.access(metrics.parent, os.W_OK | os.X_OK):
        raise FolderError(
            f"{_who()} may not write {metrics.name} into {metrics.parent}, or that is no folder: "
            "make it, or name another file with --metrics"
        )
    Classifier.load(model)


def _who() -> str:
    if sys.platform == "win32":
        return "this user"
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name
        return f"user {os.geteuid()}"


if __name__ == "__main__":
    try:
        check(*map(Path, sys.argv[1:]))
    except SetupError as error:
        sys.exit(str(error))
