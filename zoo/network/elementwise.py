"""Recognise operations of `keras.ops` that compute each number from the numbers at its own place."""

from typing import Any

# Keras has no public names for the classes of its operations; `tests/zoo/system/test_keras_internals.py` checks these.
ELEMENTWISE_OPERATIONS = frozenset(
    (
        "Abs",
        "Absolute",
        "Add",
        "Celu",
        "Clip",
        "Cos",
        "Divide",
        "DivideNoNan",
        "Elu",
        "Exp",
        "Expm1",
        "Gelu",
        "HardShrink",
        "HardSigmoid",
        "HardSilu",
        "HardTanh",
        "LeakyRelu",
        "Log",
        "Log1p",
        "LogSigmoid",
        "Maximum",
        "Minimum",
        "Multiply",
        "Negative",
        "Power",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Selu",
        "Sigmoid",
        "Sign",
        "Silu",
        "Sin",
        "SoftShrink",
        "Softplus",
        "Softsign",
        "SparsePlus",
        "Sqrt",
        "Square",
        "Squareplus",
        "Subtract",
        "Tanh",
        "TanhShrink",
        "Threshold",
        "TrueDivide",
    )
)
"""Names of the classes."""


def is_elementwise(operation: Any) -> bool:
    """Return whether an operation is one of `keras.ops` that looks at each place of its inputs alone.

    Inputs are feature maps of one size, scalars, or vectors of one number per channel.
    """
    kind = type(operation)
    return kind.__module__.startswith("keras.") and kind.__name__ in ELEMENTWISE_OPERATIONS


def enlarging_factor(operation: Any) -> int | None:
    """Return the factor of `keras.ops.depth_to_space`; None for any other operation."""
    kind = type(operation)
    is_shuffle = kind.__module__.startswith("keras.") and kind.__name__ == "DepthToSpace"
    return int(operation.block_size) if is_shuffle else None
