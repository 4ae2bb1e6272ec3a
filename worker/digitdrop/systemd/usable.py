"""Check that a service can run here, as a given user.

python -P -m digitdrop.systemd.usable INBOX OUTBOX MODEL [METRICS]
"""

import os
import subprocess
import sys
from pathlib import Path

from digitdrop.errors import FolderError, SetupError
from digitdrop.inference.classifier import Classifier
from digitdrop.service.folders import check_folders
from digitdrop.systemd.systemctl import ServiceError
from digitdrop.systemd.unit import Unit


def check_usable(inbox: Path, outbox: Path, model: Path, metrics: Path | None = None) -> None:
    """Check all that the worker needs, as the present user; make inbox and outbox if need be.

    Raises:
        SetupError: something cannot be used; the message has the remedy.
    """
    check_folders(inbox, outbox)
    for folder in (inbox, outbox):
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise FolderError(
                f"{_user_name()} may not use {folder}: "
                "the worker needs to read, write, rename and delete in inbox and outbox"
            )
    if metrics and not os.access(metrics.parent, os.W_OK | os.X_OK):
        raise FolderError(
            f"{_user_name()} may not write {metrics.name} into {metrics.parent}, or that is no "
            "folder: make it, or name another file with --metrics"
        )
    Classifier.load(model)


def check_as(wanted: Unit) -> None:
    """Check all that the worker needs, as the unit's user; make the folders for that user.

    Raises:
        SetupError: there is no such user, or something cannot be used.
    """
    if wanted.user is None:
        check_usable(wanted.inbox, wanted.outbox, wanted.model, wanted.metrics)
        return
    import pwd

    from digitdrop.systemd.folder import make_folder_for  # not on Windows

    try:
        user = pwd.getpwnam(wanted.user)
    except KeyError as error:
        raise ServiceError(f"there is no user {wanted.user!r}: --run-as needs one") from error
    for folder in (wanted.inbox, wanted.outbox):
        if folder.exists():
            continue
        try:
            make_folder_for(folder, user.pw_uid, user.pw_gid)
        except FileExistsError:
            continue  # a file or a link, which the check below reports
        except OSError as error:
            raise FolderError(f"cannot make {folder}: {error.strerror}") from error
    used = (wanted.inbox, wanted.outbox, wanted.model, wanted.metrics)
    words = ["-P", "-m", "digitdrop.systemd.usable", *(str(path) for path in used if path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [wanted.command[0], *words],
            cwd=wanted.program_folder,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=os.getgrouplist(wanted.user, user.pw_gid),
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError as error:
        raise ServiceError(
            f"{wanted.user} may not run {wanted.command[0]}: install Digitdrop where that user "
            "can read it, for instance in a virtual environment below /opt"
        ) from error
    if done.returncode:
        silent = f"a try as {wanted.user} ended with exit code {done.returncode} and no message"
        raise ServiceError((done.stderr.strip() or silent).splitlines()[-1])


def _user_name() -> str:
    if sys.platform == "win32":
        return "this user"
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name
        return f"user {os.geteuid()}"


if __name__ == "__main__":
    try:
        check_usable(*map(Path, sys.argv[1:]))
    except SetupError as error:
        sys.exit(str(error))
