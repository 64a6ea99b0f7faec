"""Pictures of any size made square: what very long ones cost."""

import numpy as np
import pytest
import tensorflow as tf

from training.data.batches.fit import to_square
from zoo.system.machine import forget_peak, peak


@pytest.mark.parametrize("length", [65, 66, 501, 2_000])
def test_the_ends_of_long_pictures_change_nothing(length: int) -> None:
    line = np.random.default_rng(0).integers(0, 256, (1, length, 3), np.uint8)
    for image in (line, line.swapaxes(0, 1)):
        near = tf.cast(tf.image.resize(image, [n * 32 for n in image.shape[:2]], "bicubic", antialias=True), tf.float32)
        middle = tf.image.resize_with_crop_or_pad(near, 32, 32)
        np.testing.assert_allclose(to_square(tf.constant(image), 32), np.clip(middle, 0, 255), atol=1)


def test_long_pictures_take_little_memory() -> None:
    for shape in ((1, 200_000, 1), (200_000, 1, 1)):
        line = tf.constant(7, tf.uint8, shape)
        forget_peak()
        before = peak()
        assert (to_square(line, 32).numpy() == 7).all()
        assert peak() - before < 100
