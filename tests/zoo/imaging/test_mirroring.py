import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import mirrored


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 2), (5, 24), (20, 19)])
@pytest.mark.parametrize("margin", [0, 1, 4, 11])
def test_a_picture_continues_as_numpy_mirrors_it(height, width, margin):
    image = np.random.default_rng(0).random((2, height, width, 3), np.float32)
    expected = np.pad(image, ((0, 0), (margin, margin), (margin, margin), (0, 0)), "symmetric")
    result = mirrored(tf.constant(image), margin).numpy()
    np.testing.assert_array_equal(result[:, :, : width + 2 * margin], expected)


def test_no_width_is_one_that_convolutions_round_in_another_way():
    for width in range(1, 200):
        across = mirrored(tf.zeros((1, 1, width, 1)), 4).shape[2]
        assert width + 8 <= across <= width + 11
        assert across <= 30 or across % 30 not in (1, 2, 3)
