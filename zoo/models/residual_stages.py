"""Build the stages of a wide residual network."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

_STAGES = 3


def residual_stages(image: "keras.KerasTensor", filters: int, blocks: int) -> "keras.KerasTensor":
    """Return features at a quarter of a picture's size, each at least 0.

    Normalisation and ReLU come before each convolution, and before the first one of a coarser stage its shortcut too
    (He et al. 2016, arXiv:1603.05027).

    Args:
        image: pictures `(batch, height, width, channels)`.
        filters: channels at full size; the two coarser stages have twice and four times this number.
        blocks: residual blocks of two convolutions in every stage.
    """
    from keras import layers

    def activated(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
        # With the statistics of the global batch, replicas learn what one device learns.
        x = layers.BatchNormalization(momentum=0.9, synchronized=True, name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def convolution(x: "keras.KerasTensor", width: int, size: int, strides: int, name: str) -> "keras.KerasTensor":
        return layers.Conv2D(
            width,
            size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=name,
        )(x)

    x = convolution(image, filters, 3, 1, "first")
    for stage in range(_STAGES):
        width = filters * 2**stage
        for number in range(1, blocks + 1):
            name = f"stage{stage + 1}_block{number}"
            strides = 2 if stage and number == 1 else 1
            inner = activated(x, f"{name}_a")
            if strides > 1:
                x = convolution(inner, width, 1, strides, f"{name}_shortcut")
            inner = convolution(inner, width, 3, strides, f"{name}_conv1")
            inner = convolution(activated(inner, f"{name}_b"), width, 3, 1, f"{name}_conv2")
            x = layers.Add(name=name)([x, inner])
    return activated(x, "last")
