import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import data, filters

from zoo import metrics
from zoo.upsampling import upsampler


@pytest.fixture(scope="module")
def photograph():
    return data.camera()[100:340, 100:340, None] / 255.0


def planted(scale, seed=0, size=240):
    """Return a repeated pattern with zero mean over its period, and its root mean square."""
    tile = np.random.default_rng(seed).standard_normal((scale, scale)) * 0.02
    tile -= tile.mean()
    return np.tile(tile, (size // scale, size // scale))[:, :, None], np.sqrt((tile**2).mean())


def imbalance(target, output, scale):
    return float(metrics.phase_imbalance(tf.constant(target[None]), tf.constant(output[None]), scale)[0])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_phases_show_a_planted_pattern_on_any_content(photograph, scale):
    pattern, size = planted(scale)
    assert imbalance(np.zeros_like(pattern), pattern, scale) == pytest.approx(size)
    assert imbalance(photograph, photograph + pattern, scale) == pytest.approx(size)
    # Without a target: the content of a photograph hardly favours a phase.
    assert imbalance(np.zeros_like(pattern), photograph + pattern, scale) == pytest.approx(size, rel=0.1)
    assert imbalance(photograph, photograph, scale) == 0.0
    assert imbalance(photograph, np.full_like(photograph, 0.5), scale) < 0.1 * size


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_blur_and_noise_are_no_checkerboard(photograph, scale):
    generator = np.random.default_rng(0)
    _, size = planted(scale)
    blurred = filters.gaussian(photograph, 2, channel_axis=-1)
    noisy = photograph + 0.05 * generator.standard_normal(photograph.shape)
    for output in (blurred, noisy):
        assert imbalance(photograph, output, scale) < 0.1 * size
    pictures = (tf.constant(picture[None]) for picture in (photograph, blurred))
    assert float(metrics.excess_spectral_energy(*pictures, scale)[0]) < 5e-5
    # Noise adds the same energy at all frequencies.
    pictures = (tf.constant(picture[None]) for picture in (photograph, noisy))
    lines = 2 * (scale - 1) / 240
    energy = 0.05**2 / noisy.var()
    assert float(metrics.excess_spectral_energy(*pictures, scale)[0]) < 2 * lines * energy


def test_noise_is_as_often_below_zero_as_above():
    noise = tf.constant(np.random.default_rng(1).standard_normal((400, 24, 24, 1)))
    found = metrics.phase_imbalance(tf.zeros_like(noise), noise, 4).numpy()
    assert 0.3 < np.mean(found == 0) < 0.7
    # Without the correction every picture would have about sqrt(15 / 16 / 36).
    assert np.mean(found) < 0.5 * np.sqrt(15 / 16 / 36)


def test_samples_are_compared_with_the_mean_spectrum_of_the_reference():
    generator = np.random.default_rng(0)
    # The content has no energy at the pattern's frequencies, so that the share is exact.
    spectra = np.fft.fft2(generator.random((8, 24, 24)))
    spectra[:, 12, :] = spectra[:, :, 12] = 0
    content = np.fft.ifft2(spectra).real[..., None]
    pattern = 0.1 * np.cos(np.pi * np.arange(24))[:, None, None] * np.ones((24, 24, 1))
    samples = content + pattern
    energy = (content - content.mean((1, 2), keepdims=True)).var((1, 2)).mean()
    found = metrics.excess_spectral_energy_of_samples(tf.constant(content[::-1].copy()), tf.constant(samples), 2)
    assert float(found) == pytest.approx(0.01 / (energy + 0.01))
    assert float(metrics.excess_spectral_energy_of_samples(tf.constant(content), tf.constant(content), 2)) == 0.0


def network(layer, size=16):
    image = keras.Input((size, size, 1))
    return keras.Model(image, layer(image))


def test_the_constant_response_of_uneven_overlap_is_known():
    # A 3x3 kernel of ones with stride 2 covers the four phases 4, 2, 2 and 1 times.
    layer = keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same", kernel_initializer="ones")
    found = metrics.constant_response(network(layer), np.array([0.5], np.float32), 2)
    assert found == pytest.approx(0.5 * np.std([4, 2, 2, 1]), rel=1e-6)


def test_icnr_starts_without_a_response_and_glorot_with_one():
    keras.utils.set_random_seed(0)
    features = np.array([1.0], np.float32)
    responses = {
        name: metrics.constant_response(network(upsampler(name)(1, 3, 2)), features, 2)
        for name in ("subpixel", "transpose", "transpose_2r", "resize")
    }
    assert responses["subpixel"] < 1e-7
    assert responses["resize"] < 1e-7
    assert min(responses["transpose"], responses["transpose_2r"]) > 0.01


@pytest.mark.slow
def test_a_trained_deconvolution_of_3x3_by_2_shows_in_all_three(photograph):
    keras.utils.set_random_seed(0)
    target = tf.constant(np.stack([np.roll(photograph, 17 * shift, (0, 1)) for shift in range(4)]), tf.float32)
    low = tf.nn.avg_pool2d(target, 2, 2, "VALID")

    def trained(layer):
        model = keras.Sequential([keras.Input((120, 120, 1)), layer])
        model.compile(keras.optimizers.Adam(0.02), "mse")
        model.fit(low, target, epochs=60, batch_size=4, verbose=0)
        output = model(low)
        return (
            float(tf.reduce_mean(metrics.excess_spectral_energy(target, output, 2))),
            float(tf.reduce_mean(metrics.phase_imbalance(target, output, 2))),
            metrics.constant_response(model, np.array([0.5], np.float32), 2),
        )

    deconvolution = trained(keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same"))
    resized = trained(upsampler("resize")(1, 3, 2))
    assert all(of_one > 3 * of_other for of_one, of_other in zip(deconvolution, resized, strict=True))
    assert deconvolution[1] > 0.002


def test_sizes_that_have_no_phases_are_refused():
    picture = tf.zeros((1, 3, 3, 1))
    with pytest.raises(ValueError, match="scale 4"):
        metrics.phase_imbalance(picture, picture, 4)
    with pytest.raises(ValueError, match="fewer than two periods of 2x2"):
        metrics.phase_imbalance(picture, picture, 2)
