import numpy as np
import pytest

from zoo.layers.latent_mode import Mode
from zoo.models import build_model


def test_the_largest_number_is_chosen():
    code = np.array([[0.1, 2.0, -3.0], [-1.0, -2.0, -0.5]], np.float32)
    expected = [[0.1, 2.0, -3.0, 0.0, 8.0, 0.0], [-1.0, -2.0, -0.5, 0.0, 0.0, 8.0]]
    np.testing.assert_array_equal(Mode()(code), np.array(expected, np.float32))


def test_every_mode_is_as_likely():
    code = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)
    shares = np.asarray(Mode(weight=1.0)(code))[:, 8:].mean(axis=0)
    np.testing.assert_allclose(shares, 1 / 8, atol=0.01)


@pytest.mark.parametrize("family", ["dcgan", "sngan"])
def test_a_generator_without_hidden_units_has_no_modes(family):
    assert any(isinstance(layer, Mode) for layer in build_model(f"{family}_subpixel", filters=2).layers)
    assert not any(isinstance(layer, Mode) for layer in build_model(f"{family}_subpixel", hidden=0).layers)


def test_its_graph_holds_no_operations_on_bits():
    import tensorflow as tf

    graph = tf.function(Mode()).get_concrete_function(tf.TensorSpec((None, 4))).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert "ArgMax" in kinds
    assert not kinds & {"BitwiseAnd", "Bitcast"}
