import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers, ops

from zoo.conversion import plan
from zoo.convert import convert
from zoo.upsampling import PhaseBias, SubpixelConv2D


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def filled(model):
    """The model with weights that are all different."""
    values = [0.3 * noise(*w.shape, seed=7 + i) for i, w in enumerate(model.weights)]
    model.set_weights(
        [abs(value) if "variance" in w.path else value for w, value in zip(model.weights, values, strict=True)]
    )
    return model


def sequential(*stack, shape=(6, 5, 4), dtype="float64"):
    return filled(keras.Sequential([keras.Input(shape, dtype=dtype), *stack], name="stack"))


def functional(make, shape=(6, 5, 4), dtype="float64"):
    image = keras.Input(shape, name="image", dtype=dtype)
    return filled(keras.Model(image, make(image), name="network"))


def relative(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    assert a.shape == b.shape
    return np.max(np.abs(a - b)) / np.max(np.abs(a))


def kinds(model):
    return [type(layer).__name__ for layer in model.layers if not isinstance(layer, layers.InputLayer)]


def same_outputs(old, new, *inputs, tolerance=1e-12):
    given = inputs[0] if len(inputs) == 1 else list(inputs)
    before, after = keras.tree.flatten(old(given)), keras.tree.flatten(new(given))
    assert len(before) == len(after)
    for a, b in zip(before, after, strict=True):
        assert relative(a, b) < tolerance
        assert a.dtype == b.dtype


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
        (9, 3, "same", ["SubpixelConv2D"]),
        (9, 2, "same", ["SubpixelConv2D"]),
        (2, 2, "same", ["SubpixelConv2D"]),
        (3, 2, "same", ["ZeroPadding2D", "SubpixelConv2D"]),
        (4, 2, "same", ["ZeroPadding2D", "SubpixelConv2D", "Cropping2D"]),
        (4, 2, "valid", ["ZeroPadding2D", "SubpixelConv2D"]),
    ],
)
def test_only_the_layers_that_are_needed(kernel_size, scale, padding, expected):
    model = sequential(layers.Conv2DTranspose(3, kernel_size, scale, padding, dtype="float64", name="up"))
    new, report = convert(model, "subpixel")
    assert kinds(new) == expected
    names = [layer.name for layer in new.layers]
    assert names == [n for n in ("up_padding", "up", "up_crop") if n in names]
    assert report.layers[0].new_layers == tuple(names)


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
    old_layer, layer = model.get_layer("up"), new.get_layer("up")
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
    """The second one looks along the rows, of which some are cropped."""
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
    assert [layer.name for layer in new.layers if layer.weights] == [each.name for each in model.layers if each.weights]
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
        assert new.get_layer("stack").get_layer(f"{name}_crop").dtype_policy.name == policy
    assert not new.get_layer("inner").trainable
    assert [w.path.split("/")[-2:] for w in new.trainable_weights] == [
        w.path.split("/")[-2:] for w in model.trainable_weights
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


class Shuffle(layers.Layer):
    def call(self, x):
        return tf.nn.depth_to_space(x, 2)


class Scrambled(layers.Layer):
    """A shuffle in another order of channels, PyTorch's."""

    def call(self, x):
        _, h, w, c = x.shape
        x = ops.transpose(ops.reshape(x, (-1, h, w, c // 4, 2, 2)), (0, 1, 4, 2, 5, 3))
        return ops.reshape(x, (-1, 2 * h, 2 * w, c // 4))


def by_operation(x):
    return ops.depth_to_space(x, 2)


def by_layer(x):
    return Shuffle(dtype=x.dtype)(x)


def by_lambda(x):
    return layers.Lambda(lambda y: tf.nn.depth_to_space(y, 2), dtype=x.dtype)(x)


@pytest.mark.parametrize("shuffle", [by_operation, by_layer, by_lambda])
@pytest.mark.parametrize(
    ("size", "padding", "options", "between"),
    [
        (3, "same", {}, None),
        (3, "same", {"use_bias": False}, ops.relu),
        ((3, 5), "valid", {"activation": "tanh"}, None),
        ((2, 3), "same", {}, layers.LeakyReLU(0.1, dtype="float64")),
        (1, "same", {"activation": "gelu", "activity_regularizer": keras.regularizers.L2(0.1)}, None),
    ],
)
def test_written_by_hand_becomes_one_transposed_convolution(shuffle, size, padding, options, between):
    """With three channels, of which the wrong order shows."""

    def make(x):
        x = layers.Conv2D(12, size, padding=padding, dtype="float64", name="hand", **options)(x)
        return shuffle(between(x) if between else x)

    model = functional(make)
    new, report = convert(model, "transpose")
    x = noise(2, 6, 5, 4)
    same_outputs(model, new, x)
    assert "Conv2D" not in kinds(new)
    assert type(new.get_layer("hand")) is layers.Conv2DTranspose
    assert ("PhaseBias" in kinds(new)) == options.get("use_bias", True)
    assert report.kept == ()
    assert report.multiply_adds_after == report.multiply_adds_before
    assert float(sum(new.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-12)
    assert not any("depth_to_space" in operation.name for operation in new.operations)


def test_a_bias_that_all_phases_share_is_the_layers_own():
    model = sequential(layers.Conv2D(12, 3, padding="same", dtype="float64", name="hand"), Shuffle(dtype="float64"))
    kernel, bias = model.get_weights()
    model.set_weights([kernel, np.tile(bias[:3], 4)])
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert kinds(new) == ["Conv2DTranspose"]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [3, (2, 4)])
@pytest.mark.parametrize("scale", [2, (1, 3)])
def test_subpixel_layers_with_a_bias_for_each_phase(size, scale, padding):
    options = {"phase_bias": True, "activation": "relu", "dtype": "float64"}
    model = sequential(SubpixelConv2D(3, size, scale, padding, **options))
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert "PhaseBias" in kinds(new)
    assert "SubpixelConv2D" not in kinds(new)


@pytest.mark.parametrize(
    ("size", "padding", "around", "crop"),
    [
        (3, "same", None, ((0, 1), (0, 1))),
        (2, "same", None, ((1, 0), (1, 0))),
        (2, "valid", 1, 1),
    ],
)
def test_a_crop_stays_behind_a_bias_for_each_phase(size, padding, around, crop):
    options = {"phase_bias": True, "activation": "relu", "dtype": "float64"}
    model = sequential(
        *([layers.ZeroPadding2D(around, dtype="float64")] if around else []),
        SubpixelConv2D(3, size, 2, padding, **options),
        layers.Cropping2D(crop, dtype="float64"),
    )
    new, _ = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert kinds(new)[-1] == "Cropping2D"
    assert "SubpixelConv2D" not in kinds(new)


def test_phase_bias_is_the_bias_before_the_shuffle():
    bias = noise(18)
    for data_format, axes in (("channels_last", (0, 1, 2, 3)), ("channels_first", (0, 3, 1, 2))):
        layer = PhaseBias((2, 3), data_format, dtype="float64")
        x = noise(2, 4, 6, 3)
        y = layer(np.transpose(x, axes))
        layer.set_weights([bias])
        y = layer(np.transpose(x, axes))
        expected = x + np.tile(bias.reshape(1, 2, 3, 3), (1, 2, 2, 1))
        np.testing.assert_allclose(y, np.transpose(expected, axes), rtol=1e-14)
        assert PhaseBias.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"known number of channels.*None"):
        PhaseBias(2, "channels_last").build((None, 4, 4, None))


class Doubled(layers.Conv2DTranspose):
    def call(self, x):
        return 2 * super().call(x)


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.up = layers.Conv2DTranspose(4, 4, 2, "same", dtype="float64", name="hidden")

    def call(self, x):
        return self.up(x)


@pytest.mark.parametrize(
    ("layer", "to", "reason"),
    [
        (lambda: layers.Conv2DTranspose(4, 3, dilation_rate=2, name="it"), "subpixel", r"dilation_rate is \(2, 2\)"),
        (lambda: Subclassed(name="it"), "subpixel", "it holds hidden, and its calls are not known"),
        (lambda: Doubled(4, 3, 2, name="it"), "subpixel", "Doubled is a class of its own"),
        (lambda: Shuffle(name="it"), "subpixel", "shuffle of a sub-pixel convolution already"),
        (lambda: Shuffle(name="it"), "transpose", "comes from first, a BatchNormalization"),
        (lambda: Scrambled(name="it"), "transpose", "Scrambled is code of its own, which is not known"),
        (lambda: layers.Lambda(lambda x: x + 1, name="it"), "subpixel", "Lambda is code of its own"),
        (
            lambda: layers.Conv2DTranspose(4, 3, activation=layers.PReLU("ones"), name="it"),
            "subpixel",
            "its activation, a PReLU, may have weights",
        ),
    ],
)
def test_what_cannot_be_converted_stays_and_is_named(layer, to, reason):
    model = functional(lambda x: layer()(layers.BatchNormalization(name="first")(x)), (6, 5, 12), dtype="float32")
    x = noise(2, 6, 5, 12).astype("float32")
    model(x)
    new, report = convert(model, to)
    same_outputs(model, new, x, tolerance=1e-6)
    (kept,) = report.layers
    assert kept.name == "it"
    assert kept in report.kept
    assert not kept.converted
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(kept.reason)
    assert kinds(new) == kinds(model)


def test_what_tensorflow_cannot_run_stays():
    image = keras.Input((6, 5, 4))
    model = keras.Model(image, layers.Conv2DTranspose(3, 4, 2, "same", output_padding=0, name="it")(image))
    new, report = convert(model, "subpixel")
    assert report.kept[0].reason.startswith("TensorFlow cannot run")
    assert report.difference is None
    assert kinds(new) == ["Conv2DTranspose"]


class Sizeless(layers.Layer):
    def call(self, x):
        return x + 1

    def compute_output_shape(self, input_shape):
        return (None, None, None, input_shape[-1])


def sizeless_lambda():
    return layers.Lambda(lambda x: x + 1, output_shape=(None, None, 4), dtype="float64")


@pytest.mark.parametrize("make", [lambda: Sizeless(dtype="float64"), sizeless_lambda])
def test_layers_that_state_no_sizes_are_worked_around(make):
    transposed = functional(lambda x: layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64", name="up")(make()(x)))
    new, report = convert(transposed, "subpixel")
    same_outputs(transposed, new, noise(2, 6, 5, 4))
    assert "SubpixelConv2D" in kinds(new)
    assert (report.multiply_adds_before, report.layers[1].difference) == (None, None)
    assert report.difference < 1e-12
    new, report = convert(transposed, "subpixel", when="faster")
    assert "or not without its sizes" in report.kept[1].reason
    assert kinds(new) == kinds(transposed)

    shuffled = functional(lambda x: hand_written(make()(x)))
    new, report = convert(shuffled, "transpose")
    same_outputs(shuffled, new, noise(2, 6, 5, 4))
    assert report.kept[1].reason == "the sizes that it is called on are not known"
    assert kinds(new) == kinds(shuffled)


def hand_written(x, strides=1, groups=1, activation=None, twice=False):
    y = layers.Conv2D(8, 3, strides, "same", groups=groups, activation=activation, name="conv", dtype=x.dtype)(x)
    up = ops.depth_to_space(y, 2)
    return [up, y] if twice else up


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"strides": 2}, r"conv has strides=\(2, 2\)"),
        ({"groups": 2}, "conv has groups=2"),
        ({"activation": "softmax"}, "activation of conv is not known to be pointwise"),
        ({"twice": True}, "is used elsewhere too"),
    ],
)
def test_hand_written_forms_that_are_not_one_map_stay(options, reason):
    model = functional(lambda x: hand_written(x, **options))
    new, report = convert(model, "transpose")
    same_outputs(model, new, noise(2, 6, 5, 4))
    assert reason.replace("\\", "") in report.kept[0].reason
    assert kinds(new) == kinds(model)


def test_a_subclassed_model_is_returned_as_it_is():
    model = Subclassed(name="whole")
    model(noise(1, 3, 3, 4))
    new, report = convert(model, "subpixel")
    assert new is model
    assert report.kept[0].reason == "it is a subclassed model, whose calls are not known"


class Opaque(layers.Layer):
    def __init__(self, thing, **kwargs):
        super().__init__(**kwargs)
        self.thing = thing

    def call(self, x):
        return x


def test_bad_arguments_are_named():
    model = sequential(layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64"), shape=(None, None, 4))
    for make, message in [
        (lambda: convert(model, "pixelshuffle"), "to='pixelshuffle'"),
        (lambda: convert(model, "subpixel", when="sometimes"), "when='sometimes'"),
        (lambda: convert(model, "subpixel", when="faster"), "give input_shape, such as"),
        (lambda: convert(model, "subpixel", measure=True), "give input_shape, such as"),
        (lambda: convert(model, "subpixel", input_shape=(6, 5, 3)), r"takes \(any, any, 4\).*\(6, 5, 3\)"),
        (lambda: convert(model, "subpixel", input_shape=(6, 4)), r"Received: input_shape=\(6, 4\)"),
        (lambda: convert("model.keras", "subpixel"), "must be a Keras model. Received: str"),
        (lambda: convert(keras.Sequential([layers.Dense(1)]), "subpixel"), "is not built"),
        (
            lambda: convert(functional(Opaque(object(), name="box")), "subpixel"),
            "box, a Opaque, cannot be",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            make()


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
    """The clock is replaced: on these sizes the first layer gains, the second gains too little to be sure."""
    gains = {(2, 2): 0.5, (3, 3): 0.97}

    def medians(runs, *_):
        stride = 2 if runs["old"]().shape[1] == 12 else 3
        return {"old": 1.0, "new": gains[stride, stride]}, 5

    model = sequential(
        layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64", name="gains"),
        layers.Conv2DTranspose(3, 3, 3, "same", dtype="float64", name="noise"),
    )
    with monkeypatch.context() as patched:
        patched.setattr(plan, "interleaved_medians", medians)
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
