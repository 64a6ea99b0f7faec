from pathlib import Path

import pytest

from tests.helpers.small_requests import small_request
from training.reporting import TrainingConsole
from training.train import train


@pytest.fixture
def order(tmp_path: Path, shapes_folder: Path):
    """`order("ae_transpose", seed=1)`: a small model's training, not begun."""
    return lambda model="ae_subpixel", *, root=tmp_path / "runs", **options: small_request(
        root, shapes_folder, model, **options
    )


@pytest.fixture
def small(tmp_path: Path, shapes_folder: Path):
    """`small("ae_transpose", seed=1)`: train a small model in this process; returns the run's folder."""

    def run(model: str = "ae_subpixel", *, root: Path = tmp_path / "runs", **options) -> Path:
        return train(small_request(root, shapes_folder, model, **options), TrainingConsole()).parent

    return run


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, shapes_folder: Path) -> Path:
    """A finished run of `ae_subpixel`, not to be changed."""
    root = tmp_path_factory.mktemp("finished") / "runs"
    return train(small_request(root, shapes_folder), TrainingConsole()).parent
