import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from training.reporting.plots import checkerboard_radii, draw_spectra, spectra
from zoo.metrics import radial_spectrum


def test_samples_and_data_are_drawn_with_their_own_power():
    generator = np.random.default_rng(0)
    data, samples = (radial_spectrum(generator.random((4, 28, 28, 1)) * scale) for scale in (1.0, 0.5))
    axes = Figure().add_subplot()
    draw_spectra(axes, data, {"samples": samples}, 4)
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    for label, spectrum in (("samples", samples), ("data", data)):
        np.testing.assert_array_equal(drawn[label], spectrum.power[1:])
    marked = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert marked == checkerboard_radii(4)
    picture = tf.io.decode_png(spectra(data, samples, 4)).numpy()
    assert picture.shape == (462, 704, 4)
    assert len(np.unique(picture)) > 50


def test_a_checkerboard_stands_where_it_is_marked():
    assert checkerboard_radii(4) == pytest.approx([1 / 4, 2**0.5 / 4, 1 / 2, 5**0.5 / 4, 2**0.5 / 2])
    rows, columns = np.indices((28, 28))
    for period in (2, 3, 4):
        board = ((rows % period == 0) & (columns % period == 0)).astype(float)[None, ..., None]
        found = radial_spectrum(board[:, : 28 // period * period, : 28 // period * period])
        places = found.frequency[found.power > 1e-12]
        for place in places[places > 0]:
            assert min(abs(place - radius) for radius in checkerboard_radii(period)) <= 0.5 / 24
