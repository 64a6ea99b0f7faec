from pathlib import Path

import pytest

from tests.helpers.random_models import ENLARGING, publish_random


@pytest.fixture(scope="session")
def enlarging_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published models of random weights, one a family."""
    folder = tmp_path_factory.mktemp("enlarging")
    publish_random(folder, ENLARGING)
    return folder


@pytest.fixture
def enlarging(enlarging_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """They are found."""
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(enlarging_folder))
    return enlarging_folder
