"""What Ray reads of its surroundings: some of it as soon as it is loaded, so this comes first."""

import os
from typing import Final

_WANTED: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that this runs
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # the engine's own logs stay in its folder
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # there is no warning about GPUs then
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else, once it is stopped, its last threads start it again
}


def prepare() -> None:
    """Set what is not set yet."""
    for name, value in _WANTED.items():
        os.environ.setdefault(name, value)
