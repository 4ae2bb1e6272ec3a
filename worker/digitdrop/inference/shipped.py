"""The model that comes with the project."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_CLONE: Final = _PACKAGE.parent.parent / "models"

SHIPPED_MODEL: Final = _CLONE if (_CLONE / "digits.json").exists() else _PACKAGE / "models"
"""The folder of the model: of a clone its `models/`, else the one inside the package."""
