"""Put on PYTHONPATH by tests: marked pictures kill, hang or break the process that decodes them.

The worker knows nothing of it. Python imports a module of this name at each start, so also
in the processes that the worker itself starts.
"""

import os
import time
from typing import Any

from PIL import ImageFile

from digitdrop import pipeline
from digitdrop.pool import probe

SHORT = float(os.environ.get("POISON_SECONDS", "2"))  # that a picture gets, instead of a minute
probe.TIME_LIMIT = SHORT

_load = ImageFile.ImageFile.load


def _poisoned(self: ImageFile.ImageFile) -> Any:
    content = self.fp.getvalue() if self.fp and hasattr(self.fp, "getvalue") else b""
    if content.endswith(b"kills"):
        os.abort()
    if content.endswith(b"hangs"):
        time.sleep(1000)
    if content.endswith(b"slow"):
        time.sleep(3)
    return _load(self)


ImageFile.ImageFile.load = _poisoned  # type: ignore[method-assign]

_decode_pages = vars(pipeline)["decode_pages"]


def _broken(content: bytes, **more: Any) -> Any:
    if content.endswith(b"breaks"):
        raise RuntimeError("a fault of ours")
    return _decode_pages(content, **more)


vars(pipeline)["decode_pages"] = _broken
