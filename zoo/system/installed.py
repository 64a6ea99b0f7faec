"""Say what to install where a package is missing. TensorFlow is left to the user: for CPUs, or with CUDA for GPUs."""

import importlib.util
import sys


class MissingTensorFlowError(ImportError):
    """Report that TensorFlow is not installed; the message is one line and says what to install."""


def check_tensorflow() -> None:
    """Raise `MissingTensorFlowError` if TensorFlow is not installed. This does not import it."""
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingTensorFlowError(
            "TensorFlow is not installed: pip install 'subpixel-zoo[cpu]', or 'subpixel-zoo[gpu]' for CUDA"
        )


def missing_dependency(error: ModuleNotFoundError) -> str | None:
    """Return in one sentence which package this Python lacks, and what to do; None for a missing module of ours."""
    name = (error.name or "").partition(".")[0]
    if not name or name in ("zoo", "training"):
        return None
    return (
        f"{name} is not installed in {sys.prefix}; start the Python of the environment that has this project's "
        "packages, such as .venv/bin/python after make setup"
    )
