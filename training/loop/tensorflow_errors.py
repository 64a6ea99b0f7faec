"""Turn TensorFlow's errors during a training into messages of one line."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from training.cluster import cluster_size
from training.errors import RunError

# Prefixes of lines that say where an operation was created. TensorFlow prints them before the actual error.
_ORIGINS = ("Graph execution error", "Detected at node", "File ")
_WORKER_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
_NODE_NAMES = re.compile(r"\{\{.*?\}\}\s*|\s*\[Op:\w+\].*")


@contextmanager
def tensorflow_failures(step: Callable[[], int | None]) -> Iterator[None]:
    """Raise a `RunError` for an error of TensorFlow inside a block.

    Args:
        step: returns the step that the run has reached, or None before it starts.

    Raises:
        RunError: the message names the step and the cause, or says that a worker of the cluster is gone.
    """
    try:
        yield
    except tf.errors.OpError as error:
        text = error.message or type(error).__name__
        at = "" if step() is None else f" at step {step()}"
        # Errors of collective operations have no class of their own, only this word in their message.
        if cluster_size() > 1 and (isinstance(error, _WORKER_LOST) or "ollective" in text):
            raise RunError(
                f"another worker is gone{at}, and this one stops too; start all of them again with the "
                "same command: the run goes on from its last checkpoint"
            ) from error
        raise RunError(f"TensorFlow failed{at}: {_cause(text)}") from error


def _cause(text: str) -> str:
    """Return the first line of a message that says what went wrong."""
    lines = [line.strip() for line in _NODE_NAMES.sub("", text).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(_ORIGINS)), lines[0] if lines else "no reason given")
