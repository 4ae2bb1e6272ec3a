"""`batch --cluster`: one-shot runs on many machines, by Ray Data. Read `flow` first."""

import os
from typing import Final

_RAY_SETTINGS: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no statistics leave the machine
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # the logs of Ray stay in its folder
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # no warning about GPUs
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else Ray's last threads start it again after its end
}


def configure_ray() -> None:
    """Set Ray's environment variables that are not set; call it before Ray is imported."""
    for name, value in _RAY_SETTINGS.items():
        os.environ.setdefault(name, value)
