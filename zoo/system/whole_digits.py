"""Let GPUs compute with all digits of 32-bit floats, where numbers are compared or kept."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def whole_digits() -> Iterator[None]:
    """Let GPUs multiply 32-bit floats with all their digits until the block ends.

    By default they round them to 10 bits, which is a difference of about 0.001 between equal sums.
    """
    import tensorflow as tf

    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
