import time

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers, ops

from tests.helpers.small_models import filled, functional, kinds, noise, relative, same_outputs, sequential
from zoo.convert import convert, measuring

sizes = st.integers(1, 6)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(sizes, sizes),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(["same", "valid"]),
    st.data(),
)
def test_every_layer_there_and_back(kernel_size, scale, padding, data):
    output_padding = data.draw(st.none() | st.tuples(*(st.integers(0, r - 1) for r in scale)))
    even = output_padding and any(k % 2 == 0 and not p for k, p in zip(kernel_size, output_padding, strict=True))
    assume(padding == "valid" or not even)
    layer = layers.Conv2DTranspose(3, kernel_size, scale, padding, output_padding, dtype="float64", name="up")
    model = sequential(layer, shape=(None, None, 2))
    new, report = convert(model, "subpixel", input_shape=(3, 4, 2))
    x = noise(2, 3, 4, 2)
    same_outputs(model, new, x)
    assert report.difference < 1e-12
    assert report.layers[0].difference < 1e-12
    if all(k % r == 0 for k, r in zip(kernel_size, scale, strict=True)):
        assert report.multiply_adds_after == report.multiply_adds_before
    assert "Conv2DTranspose" not in kinds(new)
    back, _ = convert(new, "transpose")
    same_outputs(model, back, x)
    assert kinds(back) == ["Conv2DTranspose"]
    np.testing.assert_array_equal(back.get_layer("up").kernel, layer.kernel)


@pytest.mark.parametrize(
    ("kernel_size", "scale", "padding", "expected"),
    [
        (9, 3, "same", {"up": "SubpixelConv2D"}),
        (9, 2, "same", {"up": "SubpixelConv2D"}),
        (2, 2, "same", {"up": "SubpixelConv2D"}),
        (3, 2, "same", {"up_padding": "ZeroPadding2D", "up": "SubpixelConv2D"}),
        (
            4,
            2,
            "same",
            {"up_padding": "ZeroPadding2D", "up_convolution": "SubpixelConv2D", "up": "Cropping2D"},
        ),
        (4, 2, "valid", {"up_padding": "ZeroPadding2D", "up": "SubpixelConv2D"}),
    ],
)
def test_only_the_layers_that_are_needed(kernel_size, scale, padding, expected):
    model = sequential(layers.Conv2DTranspose(3, kernel_size, scale, padding, dtype="float64", name="up"))
    new, report = convert(model, "subpixel")
    assert {layer.name: type(layer).__name__ for layer in new.layers} == expected
    assert report.layers[0].new_layers == tuple(expected)


def test_all_that_a_layer_has_is_kept():
    model = sequential(
        layers.Conv2DTranspose(
            3,
            4,
            2,
            "same",
            activation="gelu",
            kernel_initializer=keras.initializers.HeNormal(seed=3),
            bias_initializer="ones",
            kernel_regularizer=keras.regularizers.L2(0.1),
            bias_regularizer=keras.regularizers.L1(0.2),
            activity_regularizer=keras.regularizers.L2(0.3),
            kernel_constraint=keras.constraints.NonNeg(),
            bias_constraint=keras.constraints.NonNeg(),
            dtype="float64",
            name="up",
        )
    )
    new, _ = convert(model, "subpixel")
    x = noise(2, 6, 5, 4)
    same_outputs(model, new, x)
    assert float(sum(new.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-12)
    old_layer, layer = model.get_layer("up"), new.get_layer("up_convolution")
    kept = "kernel_initializer bias_initializer kernel_regularizer bias_regularizer kernel_constraint bias_constraint"
    for name in kept.split():
        assert layer.get_config()[name] == old_layer.get_config()[name]
    back, _ = convert(new, "transpose")
    same_outputs(model, back, x)
    assert float(sum(back.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-12)


@pytest.mark.parametrize(
    "activation", ["relu", lambda x: ops.softmax(x, axis=1), layers.LeakyReLU(0.3, dtype="float64")]
)
@pytest.mark.parametrize("use_bias", [True, False])
def test_activations_see_what_they_saw(activation, use_bias):
    """Check an activation that looks along the rows, some of which are cropped."""
    options = {"activation": activation, "use_bias": use_bias, "dtype": "float64"}
    model = sequential(layers.Conv2DTranspose(3, 4, 2, "same", **options))
    new, _ = convert(model, "subpixel")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert ("Activation" in kinds(new)) == (not isinstance(activation, str | layers.Layer))
    back, _ = convert(new, "transpose")
    same_outputs(model, back, noise(2, 6, 5, 4))


def test_nested_shared_and_several_inputs_and_outputs():
    shared = layers.Conv2DTranspose(4, 4, 2, "same", dtype="float64", name="shared")
    inner_input = keras.Input((None, None, 4), dtype="float64")
    inner = keras.Model(
        inner_input,
        layers.Conv2DTranspose(4, 3, 3, "same", dtype="float64", name="in")(shared(inner_input)),
        name="inner",
    )
    stack = keras.Sequential(
        [
            keras.Input((None, None, 4), dtype="float64"),
            layers.Conv2DTranspose(2, 6, 2, "same", dtype="float64", name="up"),
            layers.BatchNormalization(dtype="float64"),
        ],
        name="stack",
    )
    inputs = {name: keras.Input((None, None, 4), name=name, dtype="float64") for name in ("a", "b")}
    a, b = shared(inputs["a"]), shared(inputs["b"])
    outputs = {"sum": stack(ops.relu(a) + b), "deep": inner(inner(inputs["a"])), "b": b}
    model = filled(keras.Model(inputs, outputs, name="network"))
    new, report = convert(model, "subpixel", input_shape=[(3, 4, 4), (3, 4, 4)])

    x = {"a": noise(2, 3, 4, 4), "b": noise(2, 3, 4, 4, seed=1)}
    for key, value in model(x).items():
        assert relative(value, new(x)[key]) < 1e-12
    assert {layer.name for layer in report.converted} == {"shared", "inner/in", "stack/up"}
    assert report.kept == ()
    assert new.get_layer("shared") is new.get_layer("inner").get_layer("shared")
    assert len(new.weights) == len(model.weights)
    assert {each.name for each in model.layers} <= {layer.name for layer in new.layers}
    # Twice on 3x4, once on 3x4 and once on 18x24 inside the nested model.
    (row,) = [layer for layer in report.layers if layer.name == "shared"]
    assert row.multiply_adds_before == 4 * 4 * 4 * 4 * (3 * (3 * 4) + 18 * 24)

    back, again = convert(new, "transpose", input_shape=[(3, 4, 4), (3, 4, 4)])
    for key, value in model(x).items():
        assert relative(value, back(x)[key]) < 1e-12
    assert len(again.converted) == 3
    assert back.get_layer("shared") is back.get_layer("inner").get_layer("shared")


def test_a_nested_model_that_is_called_twice_gets_its_layers_back():
    inner = keras.Sequential(
        [
            keras.Input((None, None, 4), dtype="float64"),
            layers.Conv2DTranspose(4, 4, 2, "same", dtype="float64", name="up"),
        ]
    )
    model = functional(lambda x: inner(inner(x)))
    new, _ = convert(model, "subpixel")
    back, _ = convert(new, "transpose")
    assert kinds(back.layers[1]) == ["Conv2DTranspose"]
    same_outputs(model, back, noise(1, 6, 5, 4))


def test_the_model_is_left_as_it_was():
    model = functional(lambda x: layers.Conv2DTranspose(3, 4, 2, "same", name="up", dtype="float64")(layers.ReLU()(x)))
    config, weights = model.get_config(), model.get_weights()
    nodes = [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in model.layers]
    model.compile("adam", loss=lambda target, y: ops.mean(ops.abs(target - y)))
    new, _ = convert(model, "subpixel")
    assert model.get_config() == config
    assert [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in model.layers] == nodes
    for weight in new.weights:
        weight.assign(ops.zeros_like(weight))
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert not new.compiled


def test_frozen_layers_and_policies_are_kept():
    stack = keras.Sequential(
        [
            keras.Input((None, None, 4)),
            layers.Conv2DTranspose(4, 4, 2, "same", name="half", dtype="mixed_bfloat16"),
            layers.Conv2DTranspose(4, 4, 2, "same", name="frozen", trainable=False, dtype="float32"),
            layers.Conv2DTranspose(4, 3, 2, "same", name="kernel_only", dtype="float32"),
            layers.Dense(4, name="head", trainable=False, dtype="float32"),
        ],
        name="stack",
    )
    image = keras.Input((4, 4, 4), name="image")
    inner = keras.Sequential([keras.Input((None, None, 4)), layers.Conv2DTranspose(2, 2, 2, name="last")], name="inner")
    model = filled(keras.Model(image, inner(stack(image))))
    inner.trainable = False
    stack.get_layer("kernel_only").bias.trainable = False
    new, report = convert(model, "subpixel")
    policies = {"half": "mixed_bfloat16", "frozen": "float32"}
    for name, policy in policies.items():
        assert new.get_layer("stack").get_layer(name).dtype_policy.name == policy
        assert new.get_layer("stack").get_layer(f"{name}_convolution").dtype_policy.name == policy
    assert not new.get_layer("inner").trainable
    assert [w.path.split("/")[-2:] for w in model.trainable_weights] == [
        w.path.replace("_convolution", "").split("/")[-2:] for w in new.trainable_weights
    ]
    assert [w.trainable for w in new.weights] == [w.trainable for w in model.weights]
    assert report.difference < 0.02


def test_channels_first():
    first = {"data_format": "channels_first", "dtype": "float64"}
    last = sequential(layers.Conv2DTranspose(3, 4, 2, "same", activation="relu", dtype="float64"))
    model = keras.Sequential(
        [keras.Input((4, 6, 5), dtype="float64"), layers.Conv2DTranspose(3, 4, 2, "same", activation="relu", **first)]
    )
    model.set_weights(last.get_weights())
    new, report = convert(model, "subpixel")
    assert kinds(new) == ["ZeroPadding2D", "SubpixelConv2D", "Cropping2D"]
    x = noise(2, 6, 5, 4)
    y = np.transpose(new(np.transpose(x, (0, 3, 1, 2))), (0, 2, 3, 1))
    assert relative(last(x), y) < 1e-12
    assert report.multiply_adds_before == 4 * 4 * 3 * 4 * 30
    back, _ = convert(new, "transpose")
    assert kinds(back) == ["Conv2DTranspose"]
    np.testing.assert_array_equal(back.get_weights()[0], last.get_weights()[0])


def test_saves_and_loads_in_safe_mode(tmp_path):
    def make(x):
        x = layers.Conv2DTranspose(3, 4, 2, "same", activation="relu", dtype="float64")(x)
        return ops.depth_to_space(layers.Conv2D(12, 3, padding="same", dtype="float64")(x), 2)

    model = functional(make, shape=(None, None, 4))
    x = noise(1, 3, 4, 4)
    for to in ("subpixel", "transpose"):
        new, _ = convert(model, to)
        new.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
        same_outputs(model, loaded, x)


def test_states_of_random_layers_and_normalisation_are_copied_and_left():
    def make(x):
        normal = layers.Normalization(dtype="float64")
        normal.build(x.shape)
        normal.adapt(5.0 + noise(8, 6, 5, 4))
        x = layers.GaussianNoise(0.5, seed=3, dtype="float64")(normal(x))
        return layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64")(x)

    image = keras.Input((6, 5, 4), dtype="float64")
    model = keras.Model(image, make(image))
    new, report = convert(model, "subpixel")
    assert report.difference < 1e-12
    x = noise(2, 6, 5, 4)
    assert relative(model(x, training=True), new(x, training=True)) < 1e-12


def test_faster_keeps_what_is_faster(monkeypatch):
    """Replace the clock: the first layer gains, the second one gains too little to be sure."""
    gains = {(2, 2): 0.5, (3, 3): 0.97}

    def medians(runs, *_):
        stride = 2 if runs[0]()[0].shape[1] == 12 else 3
        return {0: 1.0, 1: gains[stride, stride]}, 5

    model = sequential(
        layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64", name="gains"),
        layers.Conv2DTranspose(3, 3, 3, "same", dtype="float64", name="noise"),
    )
    with monkeypatch.context() as patched:
        patched.setattr(measuring, "interleaved_medians", medians)
        new, report = convert(model, "subpixel", when="faster")
    assert kinds(new) == ["ZeroPadding2D", "SubpixelConv2D", "Cropping2D", "Conv2DTranspose"]
    assert [layer.name for layer in report.converted] == ["gains"]
    assert "970.000 ms instead of 1000.000 ms, not clearly less" in report.kept[0].reason
    same_outputs(model, new, noise(1, 6, 5, 4))


def test_measures_for_real():
    model = sequential(layers.Conv2DTranspose(1, 9, 3, "same"), shape=(64, 64, 56), dtype="float32")
    _, report = convert(model, "subpixel", measure=True)
    assert 0 < report.seconds_after < 5
    assert report.layers[0].seconds_after > 0
    new, report = convert(model, "subpixel", when="faster")
    assert bool(report.converted) == (kinds(new) == ["SubpixelConv2D"])
    assert report.layers[0].seconds_before > 0


def test_two_hundred_layers_take_seconds():
    image = x = keras.Input((None, None, 4))
    for _ in range(50):
        x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))
        x = layers.MaxPooling2D()(layers.Conv2DTranspose(4, 4, 2, "same", activation="relu")(x))
    model = keras.Model(image, x)
    started = time.perf_counter()
    new, report = convert(model, "subpixel", input_shape=(8, 8, 4))
    assert time.perf_counter() - started < 60
    assert len(report.converted) == 50
    assert kinds(new).count("SubpixelConv2D") == 50


def test_multiply_adds_are_those_of_the_kernels():
    model = sequential(
        layers.Conv2D(5, 3, padding="same"), layers.Conv2DTranspose(3, 3, 2, "same", name="up"), dtype="float32"
    )
    _, report = convert(model, "subpixel")
    (row,) = report.layers
    assert (row.kernel_before, row.kernel_after, row.stride) == ((3, 3), (2, 2), (2, 2))
    assert (row.multiply_adds_before, row.multiply_adds_after) == (9 * 5 * 3 * 30, 16 * 5 * 3 * 30)
    assert report.multiply_adds_before == 9 * 4 * 5 * 30 + row.multiply_adds_before
    assert report.multiply_adds_after == 9 * 4 * 5 * 30 + row.multiply_adds_after
    assert report.table().row_count == 2
    assert convert(sequential(layers.ReLU(), shape=(None, None, 4)), "subpixel")[1].multiply_adds_before is None
