"""Rights that count: root may do everything, so the worker is run without that power."""

import os
import shutil

import pytest

COMMAND = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--clear-groups")


def unprivileged() -> tuple[str, ...]:
    """Give the command that runs another one without root's power; the test may be skipped."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no rights as on Unix here")
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may do everything, and there is no setpriv to change that")
    return COMMAND
