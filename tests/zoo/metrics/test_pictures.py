import numpy as np
import pytest
import skimage.metrics
import tensorflow as tf

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
    # The content has no energy at the pattern's frequencies, so that the share is exact.
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


def power(pictures):
    """Compute the mean power spectrum `[h, w, c]` of a set of pictures with NumPy."""
    return (np.abs(np.fft.fft2(pictures, axes=(1, 2))) ** 2).mean(0)


def test_a_checkerboard_is_found_between_sets_that_have_no_pairs():
    generator = np.random.default_rng(0)
    data, samples = generator.random((40, 16, 16, 2)), generator.random((30, 16, 16, 2))
    board = 0.3 * np.cos(np.pi / 2 * np.arange(16))[None, :, None, None]
    clean = float(metrics.excess_spectral_energy_of_samples(tf.constant(data), tf.constant(samples), 4))
    found = float(metrics.excess_spectral_energy_of_samples(tf.constant(data), tf.constant(samples + board), 4))
    shares = []
    for pictures in (data, samples + board):
        spectrum = power(pictures - pictures.mean((1, 2), keepdims=True))
        shares.append(spectrum / spectrum.sum())
    bins = np.zeros((16, 16), bool)
    bins[[4, 8, 12], :] = bins[:, [4, 8, 12]] = True
    expected = np.maximum(shares[1] - shares[0], 0)[bins].sum()
    assert found == pytest.approx(expected, rel=1e-9)
    assert found > 0.3
    assert clean < 0.05
    # Neither the contrast nor the order of the pictures matters.
    faint = float(
        metrics.excess_spectral_energy_of_samples(tf.constant(data[::-1]), tf.constant(0.1 * (samples + board)), 4)
    )
    assert faint == pytest.approx(found, rel=1e-9)
    with pytest.raises(ValueError, match="scale 32"):
        metrics.excess_spectral_energy_of_samples(tf.constant(data), tf.constant(samples), 32)


def test_diversity_is_the_ratio_of_deviations():
    generator = np.random.default_rng(0)
    data, samples = generator.random((50, 8, 8, 1)), 0.25 * generator.random((60, 8, 8, 1))
    expected = np.sqrt(samples.var(0).mean() / data.var(0).mean())
    assert float(metrics.diversity(tf.constant(data), tf.constant(samples))) == pytest.approx(expected)
    one = tf.repeat(tf.constant(data[:1]), 20, axis=0)
    assert float(metrics.diversity(tf.constant(data), one)) < 1e-12


def test_spectral_distance_is_in_db():
    data = np.random.default_rng(0).random((20, 8, 8, 3))
    # Ten times the contrast is a hundred times the power.
    assert float(metrics.spectral_distance(tf.constant(data), tf.constant(10 * data))) == pytest.approx(20.0)
    blurred = (data + np.roll(data, 1, 1)) / 2
    ratio = np.maximum(power(blurred), 1e-6 * power(data).mean()) / power(data)
    expected = np.sqrt(np.mean((10 * np.log10(ratio)) ** 2))
    assert float(metrics.spectral_distance(tf.constant(data), tf.constant(blurred))) == pytest.approx(expected)
    found = metrics.sample_metrics(tf.constant(data), tf.constant(data), 4)
    assert found == {"checkerboard": 0.0, "diversity": 1.0, "spectral_distance": 0.0}
