"""Describe a training for `config.json`: its command, the versions of what it ran on, and the commit."""

import platform
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def train_command(
    model: str, source: str, seed: int, init: str | None, settings: Mapping[str, Any], variant: str | None = None
) -> str:
    """Return the `make train` command that a stranger types for the same run."""
    words = {"MODEL": model, "DATA": source, "SEED": str(seed)}
    words |= {name.upper(): str(settings[name]) for name in ("steps", "precision") if name in settings}
    if variant:
        words["RECIPE"] = variant
    if init:
        words["INIT"] = init
    others = [
        f"{name}={value}".replace(" ", "") for name, value in settings.items() if name not in ("steps", "precision")
    ]
    if others:
        words["SET"] = " ".join(others)
    return " ".join(["make train", *(f"{key}={shlex.quote(value)}" for key, value in words.items())])


def versions() -> dict[str, str]:
    """Return the versions of Python, TensorFlow, Keras and NumPy."""
    import keras
    import numpy as np
    import tensorflow as tf

    modules = {"tensorflow": tf, "keras": keras, "numpy": np}
    return {"python": platform.python_version(), **{name: module.__version__ for name, module in modules.items()}}


def commit() -> str | None:
    """Return the commit of the checkout that this file is in, or None outside of a checkout.

    A `+` follows where the code has changes that are not committed.
    """
    here = Path(__file__).resolve()
    root = here.parents[2]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        tracked = git("ls-files", "--error-unmatch", str(here.relative_to(root)))
        changed = git("status", "--porcelain", "--", "zoo", "training", "requirements.txt")
        return git("rev-parse", "HEAD") + ("+" if changed else "") if tracked else None
    except (OSError, subprocess.CalledProcessError):
        return None
