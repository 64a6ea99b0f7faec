import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked:
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            for item in marked:
                item.add_marker(pytest.mark.skip(reason="no GPU is visible"))


@pytest.fixture(scope="session")
def shapes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 grey pictures of 28x28: bright boxes on black."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("shapes")
    generator = np.random.default_rng(0)
    for number in range(60):
        picture = np.zeros((28, 28), np.uint8)
        top, left = generator.integers(2, 14, 2)
        height, width = generator.integers(4, 12, 2)
        picture[top : top + height, left : left + width] = generator.integers(100, 256)
        Image.fromarray(picture).save(folder / f"{number:02d}.png")
    return folder


Command = Callable[..., subprocess.CompletedProcess[str]]


def environment(**extra: str) -> dict[str, str]:
    """This process's environment with the project importable and no data or cluster of the caller's."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("TF_CONFIG", "SLURM_PROCID")}
    return inherited | {"PYTHONPATH": str(ROOT)} | extra


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run `python -m <arguments>` in an empty folder, through the program `within` where one is given."""

    def run(
        *arguments: object, folder: Path = tmp_path, within: Sequence[str] = (), **extra: str
    ) -> subprocess.CompletedProcess[str]:
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [*within, sys.executable, "-m", *map(str, arguments)],
            cwd=folder,
            env=environment(**extra),
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    return run


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start `python -m <arguments>` in an empty folder, to be signalled."""

    def start(*arguments: object, folder: Path = tmp_path, **extra: str) -> subprocess.Popen[str]:
        folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=folder,
            env=environment(**extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
