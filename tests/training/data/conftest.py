from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of pictures of the given (height, width) or (height, width, 3)."""

    def make(*shapes: tuple[int, ...], name: str = "pictures") -> Path:
        folder = tmp_path / name
        (folder / "deeper").mkdir(parents=True)
        random = np.random.default_rng(0)
        for number, shape in enumerate(shapes):
            where = folder / "deeper" if number % 2 else folder
            Image.fromarray(random.integers(80, 180, shape, np.uint8)).save(where / f"{number:03d}.png")
        return folder

    return make
