"""Import TensorFlow without the notices that it always prints, and with the settings of the commands."""

import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from zoo.system.installed import check_tensorflow

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"

_ONE_AT_A_TIME = threading.RLock()
"""Two threads that redirect stderr at once would restore it in the wrong order, and it would be lost."""


def start_tensorflow() -> None:
    """Import TensorFlow for a command, with the settings of the commands.

    Raises:
        MissingTensorFlowError: TensorFlow is not installed.
    """
    choose_settings()
    import_tensorflow()


def choose_settings() -> None:
    """Set the variables of the environment that TensorFlow reads when it is imported, if the user has not set them.

    TensorFlow uses oneDNN's kernels by default on some processors only. Here they are enabled on all, because they
    compute the gradients of convolutions with few channels in a third of the time.
    """
    os.environ.setdefault(LOG_LEVEL, "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def import_tensorflow() -> None:
    """Import TensorFlow for a function of the package; no setting of the user's program is changed.

    Raises:
        MissingTensorFlowError: TensorFlow is not installed.
    """
    check_tensorflow()
    with without_notices():
        importlib.import_module("tensorflow")


@contextmanager
def without_notices() -> Iterator[None]:
    """Hold back what TensorFlow prints when it is imported, unless that fails or the log level is 0.

    No variable of the environment does this: TensorFlow announces oneDNN on stderr at any log level, and is silent only
    without oneDNN, which is slower.
    """
    if "tensorflow" in sys.modules or os.environ.get(LOG_LEVEL) == "0":
        yield
        return
    with silent_unless_it_fails():
        yield


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
    # A program without a console has no sys.stderr.
    if sys.stderr:
        sys.stderr.flush()
    with _ONE_AT_A_TIME, _scratch_file() as messages:
        try:
            stderr = os.dup(2)
        except OSError:
            # The program has closed stderr, so that nothing is printed.
            yield messages, messages.fileno()
            return
        os.dup2(messages.fileno(), 2)
        try:
            yield messages, stderr
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _scratch_file() -> IO[bytes]:
    """Return an open file for messages, which are lost if there is no folder for temporary files."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return Path(os.devnull).open("r+b", buffering=0)
