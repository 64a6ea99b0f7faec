"""Apply super-resolution networks to luma, to grey pictures and to RGB."""

from functools import partial
from typing import TYPE_CHECKING

from zoo.network import ReceptiveField
from zoo.upscaling.flat_response import FlatResponse

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_MOST_BY_ACCIDENT = 16 / 255


class PictureNetwork:
    """Enlarge pictures of any size from 1x1 with a network on luma `[b, h, w, 1]` or on RGB `[b, h, w, 3]`.

    - Beyond its edges a picture continues as its mirror image, where the network itself would see black.
    - A network on luma enlarges the luma of RGB, and chroma is enlarged bicubically. A grey picture and its copy with
      three equal channels become the same pixels.
    - The response of a network on luma to flat pictures is removed: a flat picture stays flat, to its edges; black
      stays 0 and white stays 1, exactly.

    The first and the last do not hold for a network of which an enlarged pixel depends on the whole picture.

    Args:
        model: takes and returns pictures in 0..1. Its weights must not change afterwards.
        field: of the model.
        is_own: the network is a user's own. If it makes flat pictures brighter or darker by more than 16 of 255, that
            is its purpose, and its response to them stays.
    """

    def __init__(self, model: "keras.Model", field: ReceptiveField, *, is_own: bool = False) -> None:
        self._model = model
        self._scale = field.scale
        self._margin = field.halo or 0
        self.takes_luma = model.input_shape[-1] == 1
        self._flat_response: FlatResponse | None = None
        if self.takes_luma and field.halo is not None:
            response = FlatResponse(model, field.scale, self._margin)
            if not is_own or response.largest <= _MOST_BY_ACCIDENT:
                self._flat_response = response

    def enlarge_luma(self, image: "tf.Tensor") -> "tf.Tensor":
        """Enlarge luma with a network on luma.

        Args:
            image: `[b, h, w, 1]` in 0..1; luma of BT.601 in studio range, divided by 255.

        Returns:
            `[b, scale * h, scale * w, 1]`, clipped to 0..1.
        """
        import tensorflow as tf

        return tf.clip_by_value(self._enlarged(image), 0.0, 1.0)

    def enlarge_grey(self, image: "tf.Tensor") -> "tf.Tensor":
        """Enlarge grey pictures `[b, h, w, 1]` in 0..1 to `[b, scale * h, scale * w, 1]`, clipped to 0..1."""
        import tensorflow as tf

        if self.takes_luma:
            return tf.clip_by_value(self._enlarged_grey(image), 0.0, 1.0)
        return tf.reduce_mean(self.enlarge_rgb(tf.repeat(image, 3, -1)), -1, keepdims=True)

    def enlarge_rgb(self, image: "tf.Tensor") -> "tf.Tensor":
        """Enlarge RGB `[b, h, w, 3]` in 0..1 to `[b, scale * h, scale * w, 3]`, clipped to 0..1."""
        import tensorflow as tf

        from zoo.imaging import enlarge, join_colours, split_colours

        if not self.takes_luma:
            return tf.clip_by_value(self._enlarged(image), 0.0, 1.0)
        grey, differences = split_colours(image)
        large = join_colours(self._enlarged_grey(grey), enlarge(differences, self._scale))
        return tf.clip_by_value(large, 0.0, 1.0)

    def _enlarged_grey(self, image: "tf.Tensor") -> "tf.Tensor":
        import tensorflow as tf

        from zoo.imaging import from_studio_range, to_studio_range

        # The maximum changes no value. It keeps TensorFlow from merging the factor of the studio range with one that
        # the caller applied, as for 16 bits, which rounds otherwise than for RGB.
        luma = to_studio_range(tf.maximum(image, 0.0))
        return from_studio_range(self._enlarged(luma))

    def _enlarged(self, image: "tf.Tensor") -> "tf.Tensor":
        """Return what the network makes of its own kind of pictures, without their margin and its flat response."""
        from zoo.imaging import with_mirrored_edges
        from zoo.upsampling import shuffles_for_cpus

        # With `tf.nn.depth_to_space` the whole enlargement takes 1.04 to 1.06 times as long on a CPU at x2, and
        # 1.09 to 1.14 times at x4.
        with shuffles_for_cpus():
            network = partial(self._model, training=False)
            large = with_mirrored_edges(network, image, self._margin, self._scale)
            return large - self._flat_response(image) if self._flat_response else large
