import numpy as np
import pytest
import tensorflow as tf

from zoo.metrics import line_spectrum, power_spectrum, radial_spectrum


def wave(height, width, down, across, amplitude):
    rows, columns = np.mgrid[:height, :width]
    return amplitude * np.cos(2 * np.pi * (down * rows / height + across * columns / width))[None, :, :, None]


@pytest.mark.parametrize(
    ("down", "across", "ring"), [(5, 0, 5), (0, 7, 7), (3, 4, 5), (12, 0, 12), (12, 12, 17), (1, 1, 1)]
)
def test_a_planted_wave_lies_in_its_ring(down, across, ring):
    picture = 0.5 + wave(24, 24, down, across, 0.2)
    found = radial_spectrum(picture)
    energy = found.power * found.size
    # A wave whose frequency is its own mirror image has the power amplitude^2, any other wave half of that.
    alone = 2 * down % 24 == 0 and 2 * across % 24 == 0
    expected = np.zeros_like(energy)
    expected[0], expected[ring] = 0.25, 0.04 if alone else 0.02
    np.testing.assert_allclose(energy, expected, atol=1e-15)
    assert found.frequency[ring] == ring / 24


def test_rings_hold_every_frequency_once_and_their_energy_is_the_mean_square():
    pictures = np.random.default_rng(0).random((3, 14, 22, 2))
    found = radial_spectrum(pictures)
    assert found.size.sum() == 14 * 22
    assert np.sum(found.power * found.size) == pytest.approx(np.mean(pictures**2), rel=1e-12)
    assert found.frequency[-1] <= 0.75
    assert found.size[0] == 1
    radius = np.hypot(np.fft.fftfreq(14)[:, None], np.fft.fftfreq(22)[None])
    assert found.size[1] == np.sum((radius > 0.5 / 14) & (radius <= 1.5 / 14))


def test_white_noise_is_flat():
    pictures = 0.3 * np.random.default_rng(1).standard_normal((400, 16, 16, 1))
    power = radial_spectrum(pictures).power
    np.testing.assert_allclose(power[1:-1], 0.09 / 256, rtol=0.1)


def test_a_checkerboard_stands_out_where_its_period_says():
    smooth = np.cumsum(np.cumsum(np.random.default_rng(2).standard_normal((8, 32, 32, 1)), 1), 2) / 50
    board = 0.1 * (-1.0) ** np.add.outer(np.arange(32), np.arange(32))[None, :, :, None]
    before, after = radial_spectrum(smooth), radial_spectrum(smooth + board)
    added = after.power * after.size - before.power * before.size
    corner = int(np.rint(np.hypot(0.5, 0.5) * 32))
    assert int(np.argmax(added)) == corner
    assert added[corner] == pytest.approx(0.01, abs=0.002)


def test_what_is_no_batch_of_pictures_is_refused():
    for shape in ((4, 4), (0, 4, 4, 1), (1, 1, 4, 1)):
        with pytest.raises(ValueError, match=r"give \[n, height, width, channels\]"):
            radial_spectrum(np.zeros(shape))


def test_the_power_of_a_planted_wave_lies_at_its_frequency_and_its_mirror_image():
    picture = 0.5 + wave(24, 32, 3, 4, 0.2)
    power = power_spectrum(tf.constant(np.concatenate([picture, 2 * picture], -1))).numpy()
    expected = np.zeros((1, 2, 24, 32))
    expected[0, :, 0, 0] = np.square([0.5, 1.0]) * (24 * 32) ** 2
    expected[0, :, 3, 4] = expected[0, :, -3, -4] = (np.square([0.1, 0.2]) * (24 * 32) ** 2)[:]
    np.testing.assert_allclose(power, expected, atol=1e-8)
    assert power_spectrum(tf.constant(picture), without_mean=True).numpy()[0, 0, 0, 0] < 1e-20


def test_lines_show_a_pattern_of_one_direction_at_its_frequency():
    power = line_spectrum(0.5 + wave(24, 30, 0, 15, 0.2))
    # Every row holds 0.2 * (-1)^column, whose power is 0.04 * 24; columns are constant. The mean is over both.
    expected = np.zeros(13)
    expected[12] = 0.5 * 0.04 * 24
    np.testing.assert_allclose(power, expected, atol=1e-15)
