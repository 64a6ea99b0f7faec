"""Say in one line why Keras or TensorFlow failed."""

_WRAPPED = "Exception encountered:"
_CONFIGURATION = "Full object config:"


def innermost_reason(error: BaseException) -> str:
    """Return the first line of the reason that an exception ends with.

    Keras wraps a reason in a sentence of its own and in the configuration of what it could not make, once for each
    layer around it, and writes the reason last.
    """
    text = str(error).rsplit(_WRAPPED, maxsplit=1)[-1].split(_CONFIGURATION, maxsplit=1)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
