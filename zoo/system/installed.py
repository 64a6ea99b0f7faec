"""Say what to install where TensorFlow is missing, which is left to the user: for CPUs, or with CUDA for GPUs."""

import importlib.util


class MissingTensorFlowError(ImportError):
    """Report that TensorFlow is not installed; the message is one line and says what to install."""


def check_tensorflow() -> None:
    """Raise `MissingTensorFlowError` if TensorFlow is not installed. This does not import it."""
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingTensorFlowError(
            "TensorFlow is not installed: pip install 'subpixel-zoo[cpu]', or 'subpixel-zoo[gpu]' for CUDA"
        )
