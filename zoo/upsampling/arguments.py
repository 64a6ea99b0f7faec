"""Check the arguments that the layers, the initialiser and the functions of this package have in common."""

import operator
from collections.abc import Iterable
from typing import Any

Pair = tuple[int, int]
Scale = int | Iterable[int]


def positive(value: Any, name: str) -> int:
    """Return a positive integer. NumPy's integers are accepted, booleans and floats are not.

    Raises:
        ValueError: the value is not a positive integer.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return number


def pair(value: Any, name: str) -> Pair:
    """Return two positive integers, the vertical one first. One integer stands for both.

    Raises:
        ValueError: the value is neither a positive integer nor a pair of them.
    """
    values = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value, value)
    try:
        vertical, horizontal = (positive(entry, name) for entry in values)
    except ValueError:
        raise ValueError(
            f"`{name}` must be a positive integer or a pair of them (vertical, horizontal). Received: {name}={value!r}"
        ) from None
    return vertical, horizontal


def one_of(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words, in lower case.

    Raises:
        ValueError: the value is not one of them.
    """
    word = value.lower() if isinstance(value, str) else value
    if word not in allowed:
        raise ValueError(f"`{name}` must be one of {allowed}. Received: {name}={value!r}")
    return str(word)


def layout(data_format: Any) -> str:
    """Return `"channels_last"` or `"channels_first"`; for None, the layout that Keras is configured to use.

    Raises:
        ValueError: the value is none of these.
    """
    import keras

    chosen = keras.config.image_data_format() if data_format is None else data_format
    return one_of(chosen, "data_format", ("channels_last", "channels_first"))
