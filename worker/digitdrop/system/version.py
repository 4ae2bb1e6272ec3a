"""The version of this program, as it was installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version; `unknown` for source code that nobody installed."""
    try:
        return version("digitdrop")
    except PackageNotFoundError:
        return "unknown"
