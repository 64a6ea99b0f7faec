import importlib.util
import sys
from pathlib import Path

import pytest

from tests.helpers.random_models import ENLARGING, publish_random
from tests.helpers.stubs import module


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


@pytest.fixture
def litert(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let TensorFlow's interpreter, from which LiteRT was made, replace LiteRT where it is not installed."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        import tensorflow as tf

        monkeypatch.setitem(sys.modules, "ai_edge_litert", module("ai_edge_litert"))
        interpreter = module("ai_edge_litert.interpreter", Interpreter=tf.lite.Interpreter)
        monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", interpreter)
