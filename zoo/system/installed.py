"""Say what to install where a package is missing. TensorFlow is left to the user: for CPUs, or with CUDA for GPUs."""

import importlib.metadata
import importlib.util
import sys


class MissingTensorFlowError(ImportError):
    """Report that TensorFlow is not installed; the message is one line and says what to install."""


def install(extra: str) -> str:
    """Return the command that brings the packages of an extra, such as `cpu`, wherever this project came from."""
    try:
        importlib.metadata.distribution("subpixel-zoo")
    except importlib.metadata.PackageNotFoundError:
        return f"pip install '.[{extra}]' in the folder of this project"
    return f"pip install 'subpixel-zoo[{extra}]'"


def check_tensorflow() -> None:
    """Raise `MissingTensorFlowError` if TensorFlow is not installed. This does not import it."""
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingTensorFlowError(f"TensorFlow is not installed: {install('cpu')}; gpu in place of cpu is for CUDA")


def missing_dependency(error: ModuleNotFoundError) -> str | None:
    """Return in one sentence which package this Python lacks, and what to do; None for a missing module of ours."""
    name = (error.name or "").partition(".")[0]
    if not name or name in ("zoo", "training"):
        return None
    return (
        f"{name} is not installed in {sys.prefix}; start the Python that has this project's packages, such as "
        f".venv/bin/python after make setup, or {install('cpu')}"
    )
