"""Checking the arguments that the layers, the initialiser and the functions here have in common."""

import operator
from collections.abc import Iterable
from typing import Any

Pair = tuple[int, int]
Scale = int | Iterable[int]


def positive(value: Any, name: str) -> int:
    """A positive integer; NumPy's integers count, booleans and floats do not.

    Raises:
        ValueError: it is not one.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return number


def pair(value: Any, name: str) -> Pair:
    """Two positive integers, vertical first; one integer stands for both.

    Raises:
        ValueError: it is neither.
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
    """One of the allowed words, in any case.

    Raises:
        ValueError: it is another one.
    """
    word = value.lower() if isinstance(value, str) else value
    if word not in allowed:
        raise ValueError(f"`{name}` must be one of {allowed}. Received: {name}={value!r}")
    return str(word)


def layout(data_format: Any) -> str:
    """`"channels_last"` or `"channels_first"`; None takes what Keras is configured to.

    Raises:
        ValueError: it is none of these.
    """
    import keras

    chosen = keras.config.image_data_format() if data_format is None else data_format
    return one_of(chosen, "data_format", ("channels_last", "channels_first"))
