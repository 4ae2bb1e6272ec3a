"""What several tests need."""

from pathlib import Path

import pytest

from worker.classify import Classifier

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model() -> Path:
    """Name the folder of the model that ships with the project."""
    return ROOT / "models"


@pytest.fixture(scope="session")
def classifier(model: Path) -> Classifier:
    """Load that model."""
    return Classifier.load(model)
