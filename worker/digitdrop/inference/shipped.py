"""The folder of the model that comes with the program."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_CLONE: Final = _PACKAGE.parent.parent / "models"

SHIPPED_MODEL: Final = _CLONE if (_CLONE / "digits.json").exists() else _PACKAGE / "models"
"""`models/` of a clone of the project, else the folder inside the installed package."""
