"""The worker: reads what is dropped, for months, without TensorFlow.

As a library it is `from digitdrop import Reader`; docs/library.md tells more.
"""

from importlib import import_module

TYPE_CHECKING = False  # as in worker/digitdrop/cli/entry.py

if TYPE_CHECKING:
    from digitdrop.errors import DigitdropError as DigitdropError
    from digitdrop.errors import Gone as Gone
    from digitdrop.errors import InputError as InputError
    from digitdrop.errors import ModelError as ModelError
    from digitdrop.errors import SetupError as SetupError
    from digitdrop.reader import Reader as Reader
    from digitdrop.reader import Source as Source
    from digitdrop.values import DigitCount as DigitCount
    from digitdrop.values import Limits as Limits
    from digitdrop.values import Status as Status
    from digitdrop.values import Verdict as Verdict

# Loaded when first asked for: every process of the worker imports this module, and few need
# all of OpenCV and LiteRT.
_HOMES = {
    **dict.fromkeys(("Reader", "Source"), "digitdrop.reader"),
    **dict.fromkeys(("DigitCount", "Limits", "Status", "Verdict"), "digitdrop.values"),
    **dict.fromkeys(
        ("DigitdropError", "Gone", "InputError", "ModelError", "SetupError"), "digitdrop.errors"
    ),
}


def __getattr__(name: str) -> object:
    """Load a part of the library (PEP 562)."""
    if name == "__version__":
        from digitdrop.system.version import installed_version

        return installed_version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Name them, for completion in a shell or a notebook."""
    return [*globals(), *_HOMES, "__version__"]
