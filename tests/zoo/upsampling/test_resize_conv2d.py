import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.numpy_reference import correlate, interpolate, repeat
from zoo.upsampling import ResizeConv2D

RESIZE = {"nearest": repeat, "bilinear": interpolate}


def random(*shape, dtype="float64"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def layer_of(interpolation="nearest", scale=2, **options):
    options = {
        "filters": 3,
        "kernel_size": 3,
        "bias_initializer": keras.initializers.RandomNormal(seed=2),
        "dtype": "float64",
    } | options
    return ResizeConv2D(scale=scale, interpolation=interpolation, **options)


def reference(layer, x):
    resized = RESIZE[layer.interpolation](x, *layer.scale)
    return correlate(resized, np.asarray(layer.kernel), layer.padding) + np.asarray(layer.bias)


@settings(max_examples=30, deadline=None)
@given(
    interpolation=st.sampled_from(["nearest", "bilinear"]),
    kernel_size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    scale=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(4, 6), st.integers(4, 6)),
    padding=st.sampled_from(["same", "valid"]),
)
def test_equals_numpy(interpolation, kernel_size, scale, size, padding):
    layer = layer_of(interpolation, scale, kernel_size=kernel_size, padding=padding)
    x = random(2, *size, 4)
    y = layer(x)
    np.testing.assert_allclose(y, reference(layer, x), rtol=1e-10, atol=1e-12)
    assert layer.compute_output_shape(x.shape) == y.shape


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bilinear_is_tensorflows(scale):
    def identity(shape, dtype=None):
        return np.eye(4).reshape(1, 1, 4, 4)

    layer = ResizeConv2D(4, 1, scale, "bilinear", kernel_initializer=identity)
    x = random(2, 5, 6, 4, dtype="float32")
    np.testing.assert_allclose(layer(x), tf.image.resize(x, (5 * scale, 6 * scale)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_one_pixel_is_repeated(interpolation):
    layer = layer_of(interpolation, 3, kernel_size=1)
    y = layer(random(1, 1, 1, 4)).numpy()
    assert y.shape == (1, 3, 3, 3) and np.abs(y).max() > 0.01
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1, :1], y.shape), rtol=1e-12)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_dynamic_sizes_and_layouts(interpolation, data_format):
    shape = (None, None, 4) if data_format == "channels_last" else (4, None, None)
    image = keras.Input(shape, dtype="float64")
    layer = layer_of(interpolation, (2, 3), data_format=data_format)
    model = keras.Model(image, layer(image))
    unknown = (None, None, None, 3) if data_format == "channels_last" else (None, 3, None, None)
    assert model.output_shape == unknown
    graph = tf.function(model, input_signature=[tf.TensorSpec((None, *shape), "float64")])
    for size in [(1, 5, 6), (3, 1, 2)]:
        x = random(*size, 4)
        y = graph(x if data_format == "channels_last" else np.moveaxis(x, 3, 1)).numpy()
        y = y if data_format == "channels_last" else np.moveaxis(y, 1, 3)
        np.testing.assert_allclose(y, reference(layer, x), rtol=1e-10, atol=1e-12)
    assert graph.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_first_and_second_order_gradients(interpolation, jit_compile):
    layer = layer_of(interpolation, (2, 3), activation="tanh", kernel_initializer=keras.initializers.HeNormal(seed=1))
    x = tf.constant(random(1, 4, 3, 4))
    layer.build(x.shape)

    @tf.function(jit_compile=jit_compile)
    def penalty():
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                tape.watch(x)
                score = tf.reduce_sum(layer(x) ** 2)
            value = tf.reduce_sum(tape.gradient(score, x) ** 2)
        return value, outer.gradient(value, layer.kernel.value)

    gradient = penalty()[1].numpy()
    direction, start, step = random(*layer.kernel.shape), layer.kernel.numpy(), 1e-6
    layer.kernel.assign(start + step * direction)
    above = penalty()[0]
    layer.kernel.assign(start - step * direction)
    slope = (above - penalty()[0]) / (2 * step)
    np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6)
    assert abs(slope) > 0.1


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_mixed_precision(interpolation):
    layer = layer_of(interpolation, dtype="mixed_bfloat16")
    x = random(2, 4, 4, 4, dtype="float32")
    y = layer(x)
    assert y.dtype == "bfloat16"
    np.testing.assert_allclose(tf.cast(y, "float32"), reference(layer, x), atol=0.05)


def test_keras_file_round_trip(tmp_path):
    image = keras.Input((None, None, 4), name="image")
    layer = ResizeConv2D(
        3,
        (3, 2),
        (2, 3),
        "bilinear",
        padding="valid",
        activation="relu",
        kernel_regularizer="l2",
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        name="up",
    )
    model = keras.Model(image, layer(image))
    keras.models.save_model(model, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    x = random(2, 5, 6, 4, dtype="float32")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.get_layer("up").get_config() == layer.get_config()
    config = layer.get_config()
    assert (config["scale"], config["interpolation"], config["padding"]) == ((2, 3), "bilinear", "valid")
    assert keras.saving.serialize_keras_object(layer)["registered_name"] == "zoo>ResizeConv2D"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"interpolation": "cubic"}, r"\('nearest', 'bilinear'\). Received: interpolation='cubic'"),
        ({"scale": 0}, "scale=0"),
        ({"kernel_size": (3,)}, r"kernel_size=\(3,\)"),
        ({"padding": "causal"}, "padding='causal'"),
        ({"filters": 0}, "filters=0"),
        ({"data_format": "last"}, "data_format"),
    ],
)
def test_errors_name_the_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        ResizeConv2D(**{"filters": 2, "kernel_size": 3, "scale": 2} | arguments)
