"""Start TensorFlow as the commands want it, without the notices that it prints to every user."""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def start_tensorflow() -> None:
    """Import TensorFlow; what it says on the way is shown only where it fails.

    oneDNN's kernels are TensorFlow's default on some processors only. On others they are asked for here, because the
    gradients of convolutions with few channels take a third of the time. TensorFlow announces them on stderr whatever
    its log level is.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with silent_unless_it_fails():
        importlib.import_module("tensorflow")


@contextmanager
def silent_unless_it_fails() -> Iterator[None]:
    """Hold back what native code writes to stderr; it is shown only where an exception is raised."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except Exception:
            said.seek(0)
            os.write(stderr, said.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
