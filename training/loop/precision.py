"""Set Keras's float type and dtype policy for the length of a block."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Build and run models at `float32`, `float64`, `mixed_float16` or `mixed_bfloat16` inside the block."""
    policy, float_type = keras.config.dtype_policy(), keras.config.floatx()
    try:
        # Inputs and losses follow the float type, layers follow the policy. In double precision both must be set, or
        # some values would be rounded to single precision.
        keras.config.set_floatx("float64" if name == "float64" else "float32")
        keras.config.set_dtype_policy(name)
        yield
    finally:
        keras.config.set_floatx(float_type)
        keras.config.set_dtype_policy(policy)
