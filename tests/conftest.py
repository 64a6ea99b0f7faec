import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.commands import environment, run_here, run_process

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked:
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            for item in marked:
                item.add_marker(pytest.mark.skip(reason="no GPU is visible"))


@pytest.fixture(scope="session")
def shapes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 60 grey pictures of 28x28, bright boxes on black."""
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


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Restore the signal handlers of this process, which the `main` of a command replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def unchanged_settings() -> Iterator[None]:
    """Fail a test that leaves this process in another folder, or with other settings of Keras."""
    before = _settings()
    yield
    after = _settings()
    if before != after:
        os.chdir(before["folder"])
        if keras := sys.modules.get("keras"):
            keras.config.set_floatx(before.get("float type", "float32"))
            keras.config.set_dtype_policy(before.get("dtype policy", "float32"))
    assert {key: after[key] for key in before} == before


def _settings() -> dict[str, str]:
    settings = {"folder": str(Path.cwd())}
    if keras := sys.modules.get("keras"):
        settings |= {"float type": keras.config.floatx(), "dtype policy": keras.config.dtype_policy().name}
    return settings


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Do in this process what `python -m <arguments>` does in an empty folder."""

    def run(*arguments: object, folder: Path = tmp_path, **extra: str) -> subprocess.CompletedProcess[str]:
        folder.mkdir(exist_ok=True)
        return run_here(arguments, folder, extra)

    return run


@pytest.fixture
def command_process(tmp_path: Path) -> Command:
    """Run `python -m <arguments>` in an empty folder, through the program `within` if one is given.

    It is for what only a process shows: signals, silence on stderr, split devices, clusters, limits of the system.
    """

    def run(
        *arguments: object, folder: Path = tmp_path, within: Sequence[str] = (), **extra: str
    ) -> subprocess.CompletedProcess[str]:
        folder.mkdir(exist_ok=True)
        return run_process(arguments, folder, extra, within)

    return run


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start `python -m <arguments>` in an empty folder; the test may send it signals."""

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
