"""Start TensorFlow with the settings of the commands and without the notices that it always prints."""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from zoo.system.installed import check_tensorflow


def start_tensorflow() -> None:
    """Import TensorFlow; its messages are shown only if that fails.

    TensorFlow uses oneDNN's kernels by default on some processors only. Here they are enabled on all, because they
    compute the gradients of convolutions with few channels in a third of the time. TensorFlow announces them on stderr
    at any log level.

    Raises:
        MissingTensorFlowError: TensorFlow is not installed.
    """
    check_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with silent_unless_it_fails():
        importlib.import_module("tensorflow")


@contextmanager
def silent_unless_it_fails() -> Iterator[None]:
    """Hold back everything written to stderr, also by native code, and show it only if an exception is raised."""
    with silent() as (messages, stderr):
        try:
            yield
        except Exception:
            messages.seek(0)
            os.write(stderr, messages.read())
            raise


@contextmanager
def silent() -> Iterator[tuple[IO[bytes], int]]:
    """Hold back everything written to stderr, also by native code; yield what it goes to, and where it would go."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as messages:
        stderr = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            yield messages, stderr
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
