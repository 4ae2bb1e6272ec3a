"""The installed version of this program."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version, as `1.2.3`; `unknown` for source code that nobody installed."""
    try:
        return version("digitdrop")
    except PackageNotFoundError:
        return "unknown"
