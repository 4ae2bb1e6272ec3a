"""What comes with the project."""

from pathlib import Path
from typing import Final

MODEL: Final = Path(__file__).resolve().parent.parent / "models"
"""The folder of the model."""
