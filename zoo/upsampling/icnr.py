"""Define ICNR, with which a sub-pixel convolution starts as nearest-neighbour up-sampling."""

from collections.abc import Sequence
from typing import Any

import keras

from zoo.upsampling.arguments import Scale, pair


@keras.saving.register_keras_serializable("zoo")
class ICNR(keras.initializers.Initializer):
    """Initialise all phases of a sub-pixel kernel with the same sub-kernel.

    The sub-kernel is drawn for the `channels / (rh * rw)` output channels and tiled. A sub-pixel convolution is then
    at first exactly the sub-kernel's convolution followed by nearest-neighbour up-sampling, which has no checkerboard.

    Examples:
        >>> kernel = ICNR("he_normal", scale=2)((3, 3, 8, 4 * 3))
        >>> bool(keras.ops.all(kernel[..., :3] == kernel[..., 9:]))
        True

    Args:
        initializer: draws the sub-kernel; any value that `keras.initializers.get` takes.
        scale: int or pair (rh, rw).

    Input shape:
        The shape of the kernel, `(kh, kw, input channels, rh * rw * C)`.

    Output shape:
        The same.

    Raises:
        ValueError: `scale` is not positive, or the last dimension is no multiple of rh * rw.

    Reference:
        Aitken et al., 2017, https://arxiv.org/abs/1707.02937
    """

    def __init__(self, initializer: Any = "glorot_uniform", scale: Scale = 2) -> None:
        self.scale = pair(scale, "scale")
        self.initializer = keras.initializers.get(initializer)
        if self.initializer is None:
            raise ValueError("`initializer` must draw the sub-kernel. Received: initializer=None")

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Draw a kernel of a shape."""
        rh, rw = self.scale
        *leading, channels = shape
        if channels % (rh * rw):
            raise ValueError(
                f"ICNR with scale={self.scale} needs a multiple of {rh * rw} output channels. "
                f"Received: shape={tuple(shape)}"
            )
        sub_kernel = self.initializer((*leading, channels // (rh * rw)), dtype=dtype)
        return keras.ops.tile(sub_kernel, (1,) * len(leading) + (rh * rw,))

    def get_config(self) -> dict[str, Any]:
        """Return every argument of the constructor."""
        return {"initializer": keras.initializers.serialize(self.initializer), "scale": self.scale}
