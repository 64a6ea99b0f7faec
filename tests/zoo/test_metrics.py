import numpy as np
import pytest
import skimage.metrics
import tensorflow as tf

import zoo
from zoo import metrics


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    target = generator.random((4, 28, 28, 3))
    return target, np.clip(target + 0.1 * generator.standard_normal(target.shape), 0, 1)


def test_psnr_and_mse_are_skimages(pair):
    target, output = pair
    expected = [
        skimage.metrics.peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(target, output, strict=True)
    ]
    np.testing.assert_allclose(metrics.psnr(tf.constant(target), tf.constant(output)), expected, rtol=1e-12)
    np.testing.assert_allclose(
        metrics.mse(tf.constant(target), tf.constant(output)), ((target - output) ** 2).mean((1, 2, 3))
    )


def test_ssim_is_that_of_wang_et_al(pair):
    target, output = (array.astype(np.float32) for array in pair)
    expected = [
        skimage.metrics.structural_similarity(
            a,
            b,
            data_range=1,
            channel_axis=-1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )[1][5:-5, 5:-5].mean()
        for a, b in zip(target, output, strict=True)
    ]
    np.testing.assert_allclose(metrics.ssim(tf.constant(target), tf.constant(output)), expected, atol=2e-5)


def test_equal_pictures_and_values_out_of_range():
    ones = tf.ones((1, 16, 16, 1))
    assert float(metrics.psnr(ones, ones)[0]) == pytest.approx(100.0)
    assert float(metrics.mse(ones, 3 * ones)[0]) == 0.0


def checkerboard(scale, amplitude, size=24):
    rows, columns = np.mgrid[:size, :size]
    return amplitude * np.cos(2 * np.pi * rows / scale) * np.cos(2 * np.pi * columns / scale)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_planted_checkerboard_has_its_share_of_the_energy(scale):
    # Content without energy at the pattern's frequencies, so that the share is exact.
    spectrum = np.fft.fft2(np.random.default_rng(0).random((24, 24)) * 0.5)
    spectrum[24 // scale :: 24 // scale, :] = spectrum[:, 24 // scale :: 24 // scale] = 0
    content = np.fft.ifft2(spectrum).real
    pattern = checkerboard(scale, 0.2)
    output = content + pattern
    target, with_pattern = (tf.constant(array[None, :, :, None]) for array in (content, output))
    clean = metrics.excess_spectral_energy(target, target, scale)
    found = metrics.excess_spectral_energy(target, with_pattern, scale)
    pure = metrics.excess_spectral_energy(tf.zeros_like(target), tf.constant(pattern[None, :, :, None]), scale)
    expected = np.var(pattern) / np.var(output)
    assert float(clean[0]) == 0.0
    assert float(found[0]) == pytest.approx(expected)
    assert float(pure[0]) == pytest.approx(1.0)


def test_a_constant_picture_has_no_checkerboard_and_sizes_need_not_divide():
    constant = tf.fill((2, 30, 31, 1), 0.5)
    np.testing.assert_array_equal(metrics.excess_spectral_energy(constant, constant, 4), [0, 0])
    with pytest.raises(ValueError, match="scale 1"):
        metrics.excess_spectral_energy(constant, constant, 1)


def test_multiply_adds_are_counted_where_kernels_are_applied():
    import keras
    from keras import layers

    from zoo.upsampling import ResizeConv2D, SubpixelConv2D

    def count(*stack, shape=(8, 8, 5)):
        return metrics.multiply_adds(keras.Sequential([keras.Input(shape), *stack]))

    assert count(layers.Conv2D(7, 3, padding="same")) == 8 * 8 * 9 * 5 * 7
    assert count(layers.Conv2D(7, 3, strides=2, padding="same")) == 4 * 4 * 9 * 5 * 7
    assert count(layers.Conv2DTranspose(7, 6, strides=2, padding="same")) == 8 * 8 * 36 * 5 * 7
    assert count(SubpixelConv2D(7, 3, 2)) == 8 * 8 * 9 * 5 * (4 * 7)
    assert count(ResizeConv2D(7, 3, 2)) == 16 * 16 * 9 * 5 * 7
    assert count(layers.Flatten(), layers.Dense(11)) == 8 * 8 * 5 * 11
    with pytest.raises(ValueError, match="SeparableConv2D"):
        count(layers.SeparableConv2D(3, 3))


def test_twins_do_the_same_work():
    counts = {name: metrics.multiply_adds(zoo.create_model(name)) for name in ("ae_subpixel", "ae_transpose")}
    assert counts["ae_subpixel"] == counts["ae_transpose"] > 0
