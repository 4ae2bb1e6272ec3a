"""The worker: reads what is dropped, for months, without TensorFlow.

As a library it is `from worker import Reader`; docs/library.md tells more.
"""

from importlib import import_module

TYPE_CHECKING = False  # as in worker/entry.py

if TYPE_CHECKING:
    from worker.errors import DigitdropError as DigitdropError
    from worker.errors import Gone as Gone
    from worker.errors import InputError as InputError
    from worker.errors import ModelError as ModelError
    from worker.errors import SetupError as SetupError
    from worker.reader import Reader as Reader
    from worker.reader import Source as Source
    from worker.values import Limits as Limits
    from worker.values import Status as Status
    from worker.values import Verdict as Verdict

# Loaded when first asked for: every process of the worker imports this module, and few need
# all of OpenCV and LiteRT.
_HOMES = {
    **dict.fromkeys(("Reader", "Source"), "worker.reader"),
    **dict.fromkeys(("Limits", "Status", "Verdict"), "worker.values"),
    **dict.fromkeys(
        ("DigitdropError", "Gone", "InputError", "ModelError", "SetupError"), "worker.errors"
    ),
}


def __getattr__(name: str) -> object:
    """Load a part of the library (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Name them, for completion in a shell or a notebook."""
    return [*globals(), *_HOMES]
