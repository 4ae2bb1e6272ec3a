"""Sound pictures that take much memory to read, and two that take little: of `memory.py`."""

import io
from functools import cache

import cv2
import numpy as np
from PIL import Image

from ledger import a_picture, sha256


@cache
def pictures() -> dict[str, bytes]:
    """Draw small digits and large ones; each of the large takes memory in another place."""
    large = np.full((5_000, 4_000), 255, np.uint8)
    cv2.putText(large, "3", (300, 4_500), cv2.FONT_HERSHEY_SIMPLEX, 180, (0,), 300)
    grey = Image.fromarray(large)
    kinds: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "large grey.png": (grey, "PNG", {"compress_level": 1}),
        "large colour.jpg": (grey.convert("RGB"), "JPEG", {"progressive": True}),
        "large clear.png": (grey.convert("RGBA"), "PNG", {"compress_level": 1}),
        "large deep.tif": (Image.fromarray(large[:4_000].astype(np.uint16) * 257), "TIFF", {}),
        "large.webp": (grey.resize((2_000, 2_500)).convert("RGB"), "WEBP", {}),
    }
    found = {f"small {number}.png": a_picture(number) for number in (1, 7)}
    for name, (picture, form, options) in kinds.items():
        file = io.BytesIO()
        picture.save(file, form, **options)
        found[name] = file.getvalue()
    return found


@cache
def digests() -> dict[str, str]:
    """Give the SHA-256 of each picture."""
    return {name: sha256(content) for name, content in pictures().items()}
