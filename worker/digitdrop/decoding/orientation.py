"""Turn a picture upright, as its metadata say."""

from typing import Final

import numpy as np
from PIL import ExifTags, Image

from digitdrop.decoding.container.checked import MOST_METADATA
from digitdrop.values import Grey

_TURNING: Final = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}
"""Metadata in which Pillow finds an orientation."""


def upright(grey: Grey, picture: Image.Image) -> Grey:
    """Turn the pixels of a picture by its EXIF orientation; Pillow itself turns TIFFs."""
    orientation = _orientation(picture)
    if orientation in {5, 6, 7, 8}:
        grey = grey.T
    if orientation in {3, 4, 7, 8}:
        grey = grey[::-1]
    if orientation in {2, 3, 6, 7}:
        grey = grey[:, ::-1]
    return np.ascontiguousarray(grey)


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1-8; 1 if there is none, or if it is damaged."""
    exif = picture.info.get("exif") or b""
    if len(exif) > MOST_METADATA or not picture.info.keys() & _TURNING:
        return 1
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged metadata need not spoil a complete picture
        return 1
