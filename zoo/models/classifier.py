"""Build a small convolutional classifier whose penultimate layer returns features to measure pictures by."""

from typing import TYPE_CHECKING

from zoo.models.residual_stages import residual_stages
from zoo.registry import family

if TYPE_CHECKING:
    import keras


@family(
    "features",
    kind="classifier",
    upsamplers=(),
    citation="He et al. 2016, Deep Residual Learning, arXiv:1512.03385; Lin et al. 2014, Network in Network, "
    "arXiv:1312.4400",
)
def classifier(
    *,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    filters: int = 32,
    blocks: int = 1,
    residual: bool = False,
) -> "keras.Model":
    """Build a classifier of three stages: the sub-model `encoder` from pictures to features, and the layer `logits`.

    The small network has one convolution per stage. The residual network is a wide residual network (Zagoruyko and
    Komodakis 2016, arXiv:1605.07146): with 64 filters and 2 blocks it is their WRN-16-4 with a wider first convolution.

    Args:
        image_shape: height and width, at least 4, and channels.
        classes: number of labels, at least 2.
        filters: channels at full size; the two coarser stages have twice and four times this number.
        blocks: residual convolutions on the coarsest grid, or residual blocks of two convolutions in every stage.
        residual: build the residual network.

    Input shape: `(batch, height, width, channels)` in 0..1. Output shape: `(batch, classes)`, logits. The encoder
    returns `(batch, 4 * filters)`, each at least 0: the mean over the picture of its last feature map.

    Raises:
        ValueError: a size that cannot be built.
    """
    import keras
    from keras import layers

    height, width, channels = image_shape
    if min(height, width) < 4 or channels < 1:
        raise ValueError(f"image_shape {tuple(image_shape)}: height and width must be at least 4, channels at least 1")
    if classes < 2 or filters < 1 or blocks < 0:
        raise ValueError(
            f"classes {classes} must be at least 2, filters {filters} at least 1, blocks {blocks} at least 0"
        )
    if residual and not blocks:
        raise ValueError(f"blocks {blocks} must be at least 1 in the residual network")

    def convolution(x: "keras.KerasTensor", filters: int, name: str) -> "keras.KerasTensor":
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
        # With the statistics of the global batch, replicas learn what one device learns.
        x = layers.BatchNormalization(momentum=0.9, synchronized=True, name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def stages(x: "keras.KerasTensor") -> "keras.KerasTensor":
        x = convolution(x, filters, "fine")
        x = layers.MaxPooling2D(padding="same", name="pool1")(x)
        x = convolution(x, 2 * filters, "middle")
        x = layers.MaxPooling2D(padding="same", name="pool2")(x)
        x = convolution(x, 4 * filters, "coarse")
        for number in range(1, blocks + 1):
            x = layers.Add(name=f"add{number}")([x, convolution(x, 4 * filters, f"block{number}")])
        return x

    image = keras.Input(image_shape, name="image")
    x = residual_stages(image, filters, blocks) if residual else stages(image)
    encoder = keras.Model(image, layers.GlobalAveragePooling2D(name="features")(x), name="encoder")

    # Keep the logits in Keras's float type under mixed precision, whose rounding would show in the cross-entropy.
    logits = layers.Dense(classes, dtype=keras.config.floatx(), name="logits")(encoder(image))
    return keras.Model(image, logits, name="features")
