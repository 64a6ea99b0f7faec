"""The one check that importing this package makes: Keras must run on TensorFlow."""


def require_tensorflow() -> None:
    """Raise `ImportError` unless Keras's backend is TensorFlow.

    Raises:
        ImportError: another backend is chosen, installed or not.
    """
    advice = "zoo.upsampling needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow before Keras is imported"
    try:
        import keras
    except (ImportError, ValueError) as error:
        # Keras imports its backend first of all: one that is not installed fails under its own name, and one
        # that Keras does not know with a ValueError.
        raise ImportError(f"{advice} (importing Keras failed: {error})") from error
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise ImportError(f"{advice}; the backend is {backend!r}")


require_tensorflow()
