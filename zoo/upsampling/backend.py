"""Check that Keras runs on TensorFlow."""

from zoo.system.installed import check_tensorflow
from zoo.system.quiet_tensorflow import without_notices


def require_tensorflow() -> None:
    """Raise an error that says what to do unless Keras's backend is TensorFlow.

    Raises:
        ImportError: Keras is set to another backend, whether that one is installed or not; or TensorFlow is not
            installed.
    """
    check_tensorflow()
    advice = "zoo.upsampling needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow before Keras is imported"
    try:
        with without_notices():
            import keras
    except (ImportError, ValueError) as error:
        # Keras imports its backend when it is imported itself. A backend that is not installed raises ImportError,
        # and a name that Keras does not know ValueError.
        raise ImportError(f"{advice} (importing Keras failed: {error})") from error
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise ImportError(f"{advice}; the backend is {backend!r}")
