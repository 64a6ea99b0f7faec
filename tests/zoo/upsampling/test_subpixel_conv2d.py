import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.numpy_reference import correlate, shuffle
from zoo.upsampling import ICNR, SubpixelConv2D


def random(*shape, dtype="float32"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def glorot(seed=1):
    return keras.initializers.GlorotUniform(seed=seed)


def normal(seed=2):
    return keras.initializers.RandomNormal(seed=seed)


def reference(layer, x):
    kernel = np.asarray(layer.kernel)
    bias = np.asarray(layer.bias)
    phases = layer.scale[0] * layer.scale[1]
    bias = bias if layer.phase_bias else np.tile(bias, phases)
    return shuffle(correlate(x, kernel, layer.padding) + bias, *layer.scale)


@settings(max_examples=40, deadline=None)
@given(
    kernel_size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    scale=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    filters=st.sampled_from([1, 3, 33]),
    size=st.tuples(st.integers(1, 3), st.integers(5, 7), st.integers(5, 7), st.integers(1, 4)),
    padding=st.sampled_from(["same", "valid"]),
    phase_bias=st.booleans(),
)
def test_equals_numpy(kernel_size, scale, filters, size, padding, phase_bias):
    layer = SubpixelConv2D(
        filters,
        kernel_size,
        scale,
        padding,
        phase_bias=phase_bias,
        kernel_initializer=glorot(),
        bias_initializer=normal(),
        dtype="float64",
    )
    x = random(*size, dtype="float64")
    y = layer(x)
    np.testing.assert_allclose(y, reference(layer, x), rtol=1e-10, atol=1e-12)
    assert layer.compute_output_shape(x.shape) == y.shape
    assert layer.kernel.shape == (*kernel_size, size[3], scale[0] * scale[1] * filters)
    assert layer.bias.shape == (filters * scale[0] * scale[1] if phase_bias else filters,)


def test_channel_order_with_three_filters():
    """Check on one pixel that channel (a*rw + b)*C + c becomes pixel (a, b) of channel c."""
    layer = SubpixelConv2D(3, 1, (2, 3), kernel_initializer=lambda shape, dtype=None: np.arange(18.0).reshape(shape))
    y = np.asarray(layer(np.ones((1, 1, 1, 1))))[0]
    for a, b, c in np.ndindex(2, 3, 3):
        assert y[a, b, c] == (a * 3 + b) * 3 + c


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_scale_one_is_a_plain_convolution(padding):
    ours = SubpixelConv2D(5, (3, 2), 1, padding, activation="relu", kernel_initializer=glorot())
    plain = keras.layers.Conv2D(5, (3, 2), padding=padding, activation="relu", kernel_initializer=glorot())
    x = random(2, 6, 7, 3)
    np.testing.assert_allclose(ours(x), plain(x), rtol=1e-6, atol=1e-7)


def test_without_bias():
    layer = SubpixelConv2D(2, 3, 2, use_bias=False)
    assert layer(np.zeros((1, 3, 3, 2))).numpy().any() == np.False_
    assert [weight.name for weight in layer.weights] == ["kernel"]
    assert layer.bias is None


@pytest.mark.parametrize("activation", ["relu", "softmax", keras.activations.tanh, keras.layers.LeakyReLU(0.1)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_activation_is_applied_to_the_output(activation, data_format):
    options = {"kernel_initializer": glorot(), "bias_initializer": normal(), "data_format": data_format}
    x = random(2, 4, 4, 4)
    plain = SubpixelConv2D(3, 3, 2, **options)(x)
    expected = keras.activations.get(activation)(plain)
    assert np.abs(expected - plain).max() > 0.01
    np.testing.assert_allclose(SubpixelConv2D(3, 3, 2, activation=activation, **options)(x), expected, rtol=1e-6)


@pytest.mark.parametrize("filters", [3, 32])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_channels_first(filters, padding):
    """Compare with channels last, forward and backward, eagerly and in a graph, on a CPU."""
    options = {"kernel_initializer": glorot(), "bias_initializer": normal(), "dtype": "float64"}
    last = SubpixelConv2D(filters, 3, 2, padding, **options)
    first = SubpixelConv2D(filters, 3, 2, padding, data_format="channels_first", **options)
    x = tf.constant(random(2, 5, 6, 4, dtype="float64"))

    def outputs_and_gradients(layer, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y * y)
        return y, *tape.gradient(loss, [x, *(weight.value for weight in layer.trainable_weights)])

    moved = tf.transpose(x, [0, 3, 1, 2])
    expected = outputs_and_gradients(last, x)
    for run in (outputs_and_gradients, tf.function(outputs_and_gradients)):
        y, to_input, *to_weights = run(first, moved)
        assert y.shape == first.compute_output_shape(moved.shape)
        np.testing.assert_allclose(np.moveaxis(y, 1, 3), expected[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(np.moveaxis(to_input, 1, 3), expected[1], rtol=1e-11, atol=1e-11)
        for ours, theirs in zip(to_weights, expected[2:], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("filters", [1, 32])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_dynamic_sizes(filters, data_format):
    """Run one functional model and one graph on any batch, height and width."""
    shape = (None, None, 4) if data_format == "channels_last" else (4, None, None)
    image = keras.Input(shape)
    layer = SubpixelConv2D(filters, 3, 3, data_format=data_format, kernel_initializer=glorot())
    model = keras.Model(image, layer(image))
    unknown = (None, None, None, filters) if data_format == "channels_last" else (None, filters, None, None)
    assert model.output_shape == unknown
    graph = tf.function(model, input_signature=[tf.TensorSpec((None, *shape))])
    for size in [(1, 5, 6), (3, 2, 1), (2, 7, 3)]:
        x = random(*size, 4)
        y = graph(x if data_format == "channels_last" else np.moveaxis(x, 3, 1)).numpy()
        y = y if data_format == "channels_last" else np.moveaxis(y, 1, 3)
        np.testing.assert_allclose(y, reference(layer, x), rtol=1e-4, atol=1e-5)
    assert graph.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    layer = SubpixelConv2D(
        3, 3, 2, dtype=policy, kernel_initializer=glorot(), bias_initializer=normal(), activation="relu"
    )
    x = random(2, 5, 5, 4)
    y = layer(x)
    assert y.dtype == policy.removeprefix("mixed_")
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    image = keras.Input((5, 5, 4))
    assert layer(image).dtype == policy.removeprefix("mixed_")
    expected = np.maximum(reference(layer, x), 0)
    np.testing.assert_allclose(tf.cast(y, "float32"), expected, atol=0.03)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(layer(x), "float32"))
    assert [g.dtype for g in tape.gradient(loss, [w.value for w in layer.trainable_weights])] == [tf.float32] * 2


def test_float64():
    layer = SubpixelConv2D(3, 3, 2, dtype="float64")
    assert layer(random(1, 4, 4, 2)).dtype == "float64"
    assert {weight.dtype for weight in layer.weights} == {"float64"}


@pytest.mark.parametrize(("filters", "scale"), [(3, 2), (32, 2), (2, (3, 2))])
def test_xla_gives_the_same_output_and_gradients(filters, scale):
    layer = SubpixelConv2D(filters, 3, scale, activation="relu", kernel_initializer=glorot())
    x = tf.constant(random(2, 5, 6, 4))
    layer.build(x.shape)

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y * y)
        return y, *tape.gradient(loss, [x, layer.kernel.value, layer.bias.value])

    for compiled, plain in zip(tf.function(step, jit_compile=True)(x), step(x), strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("filters", "scale"), [(3, 2), (32, 2), (2, (3, 1))])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_second_order_gradients(filters, scale, data_format):
    """Check the gradient of a critic's gradient penalty against finite differences."""
    layer = SubpixelConv2D(
        filters, 3, scale, data_format=data_format, activation="tanh", dtype="float64", kernel_initializer=glorot()
    )
    x = tf.constant(random(1, 4, 4, 4, dtype="float64"))
    layer.build(x.shape)
    kernel = layer.kernel.value

    def penalty():
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = tf.reduce_sum(layer(x) ** 2)
        return tf.reduce_sum(tape.gradient(score, x) ** 2)

    with tf.GradientTape() as tape:
        value = penalty()
    gradient = tape.gradient(value, kernel)
    direction = random(*kernel.shape, dtype="float64")
    start, step = kernel.numpy(), 1e-6
    layer.kernel.assign(start + step * direction)
    above = penalty()
    layer.kernel.assign(start - step * direction)
    below = penalty()
    slope = (above - below) / (2 * step)
    np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6)
    assert abs(slope) > 1.0


def test_keras_file_round_trip(tmp_path):
    image = keras.Input((None, None, 4), name="image")
    layer = SubpixelConv2D(
        3,
        (3, 5),
        (2, 3),
        padding="valid",
        activation="relu",
        phase_bias=True,
        kernel_initializer=ICNR(keras.initializers.HeNormal(seed=1), (2, 3)),
        bias_initializer=normal(),
        kernel_regularizer=keras.regularizers.L2(0.01),
        bias_regularizer="l1",
        activity_regularizer=keras.regularizers.L1(0.5),
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        bias_constraint="non_neg",
        name="up",
    )
    model = keras.Model(image, layer(image))
    keras.models.save_model(model, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    x = random(2, 6, 7, 4)
    np.testing.assert_array_equal(loaded(x), model(x))
    assert type(loaded.get_layer("up")) is SubpixelConv2D
    assert loaded.get_layer("up").get_config() == layer.get_config()
    assert keras.saving.serialize_keras_object(layer)["registered_name"] == "zoo>SubpixelConv2D"


def test_saved_model_round_trip(tmp_path):
    image = keras.Input((None, None, 4), name="image")
    model = keras.Model(image, SubpixelConv2D(3, 3, 2, kernel_initializer=glorot())(image))
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    x = random(2, 5, 6, 4)
    np.testing.assert_allclose(loaded.serve(x), model(x), rtol=1e-6, atol=1e-6)


def test_config_is_complete():
    arguments = {
        "filters": 5,
        "kernel_size": (3, 1),
        "scale": (2, 4),
        "padding": "valid",
        "data_format": "channels_first",
        "activation": "gelu",
        "use_bias": False,
        "phase_bias": True,
        "name": "up",
        "trainable": False,
    }
    config = SubpixelConv2D(**arguments).get_config()
    assert {name: config[name] for name in arguments} == arguments
    assert config["kernel_initializer"]["registered_name"] == "zoo>ICNR"
    assert SubpixelConv2D.from_config(config).get_config() == config


def test_default_initialiser_is_icnr_at_the_layer_scale():
    layer = SubpixelConv2D(2, 3, (3, 2))
    layer.build((None, None, None, 4))
    kernel = layer.kernel.numpy().reshape(3, 3, 4, 6, 2)
    assert isinstance(layer.kernel_initializer, ICNR)
    assert kernel.std() > 0.01
    np.testing.assert_array_equal(kernel, np.broadcast_to(kernel[..., :1, :], kernel.shape))


def test_regularisers_are_added_to_the_loss():
    layer = SubpixelConv2D(
        2,
        3,
        2,
        bias_initializer="ones",
        kernel_regularizer=keras.regularizers.L2(0.5),
        bias_regularizer=keras.regularizers.L1(0.25),
        activity_regularizer=keras.regularizers.L1(0.125),
    )
    y = layer(random(1, 4, 4, 3))
    expected = [np.abs(y).sum() * 0.125, 0.5 * np.sum(layer.kernel.numpy() ** 2), 0.25 * 2]
    np.testing.assert_allclose(sorted(float(loss) for loss in layer.losses), sorted(expected), rtol=1e-5)


def test_constraints_hold_after_a_step():
    # Outputs of at least 0 above a target of -1: every gradient pulls down.
    layer = SubpixelConv2D(
        2,
        3,
        2,
        kernel_initializer=keras.initializers.RandomUniform(0.0, 1.0, seed=0),
        kernel_constraint=keras.constraints.NonNeg(),
        bias_constraint="non_neg",
    )
    model = keras.Sequential([keras.Input((4, 4, 3)), layer])
    model.compile(keras.optimizers.SGD(10.0), "mse")
    x = np.abs(random(8, 4, 4, 3))
    model.fit(x, -np.ones((8, 8, 8, 2)), verbose=0)
    assert layer.kernel.numpy().min() >= 0
    np.testing.assert_array_equal(layer.bias, 0)


def test_trains_to_a_known_map():
    """Train a layer with `fit` on the outputs of a frozen one, so that its weights must get gradients."""
    teacher = SubpixelConv2D(1, 3, 2, kernel_initializer=glorot(7), bias_initializer=normal(8))
    x = random(64, 8, 8, 1)
    student = keras.Sequential([keras.Input((8, 8, 1)), SubpixelConv2D(1, 3, 2, kernel_initializer=glorot(9))])
    student.compile(keras.optimizers.Adam(0.05), "mse")
    student.fit(x, np.asarray(teacher(x)), epochs=40, batch_size=16, verbose=0)
    np.testing.assert_allclose(student.layers[0].kernel, teacher.kernel, atol=0.02)


def kinds_of(function):
    """Return the types of all operations of a SavedModel's signature, also of those in the functions that it calls."""
    definition = function.graph.as_graph_def()
    nodes = [*definition.node, *(node for each in definition.library.function for node in each.node_def)]
    return {node.op for node in nodes}


@pytest.mark.parametrize("filters", [3, 32])
@pytest.mark.parametrize("how", ["export", "save", "function"])
def test_an_exported_graph_holds_the_operation_itself(tmp_path, filters, how):
    inputs = keras.Input((None, None, 4), name="image")
    model = keras.Model(inputs, SubpixelConv2D(filters, 3, 2, activation="relu")(inputs))
    if how == "export":
        model.export(tmp_path / "model", verbose=False)
    elif how == "save":
        tf.saved_model.save(model, tmp_path / "model")
    else:
        module = tf.Module()
        module.model = model
        signature = [tf.TensorSpec((None, None, None, 4), name="image")]
        module.serve = tf.function(lambda image: model(image, training=False), input_signature=signature)
        tf.saved_model.save(module, tmp_path / "model", signatures=module.serve)
    loaded = tf.saved_model.load(tmp_path / "model")
    kinds = kinds_of(loaded.signatures["serving_default"])
    assert kinds >= {"Conv2D", "BiasAdd", "Relu", "DepthToSpace"}
    assert not kinds & {"Reshape", "Transpose", "PyFunc"}


@pytest.mark.parametrize(("filters", "expected"), [(3, "Transpose"), (32, "DepthToSpace")])
def test_a_training_step_runs_the_faster_form(filters, expected):
    layer = SubpixelConv2D(filters, 3, 2)
    layer.build((None, None, None, 4))
    step = tf.function(lambda x: layer(x, training=True)).get_concrete_function(tf.TensorSpec([None, None, None, 4]))
    assert expected in kinds_of(step)


@pytest.mark.parametrize("shape", [(None, None, None, 4), (2, None, 5, 4), (None, 5, 6, 4)])
def test_output_shape_with_unknown_sizes(shape):
    batch, height, width, _ = shape
    same, valid = SubpixelConv2D(3, (3, 2), (2, 3)), SubpixelConv2D(3, (3, 2), (2, 3), "valid")
    assert same.compute_output_shape(shape) == (batch, height and 2 * height, width and 3 * width, 3)
    assert valid.compute_output_shape(shape) == (batch, height and 2 * (height - 2), width and 3 * (width - 1), 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "`filters` must be a positive integer. Received: filters=0"),
        ({"filters": 2.0}, "filters=2.0"),
        ({"filters": True}, "filters=True"),
        ({"filters": "3"}, "filters='3'"),
        ({"kernel_size": (3, 3, 3)}, r"kernel_size=\(3, 3, 3\)"),
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"scale": (2, 0)}, r"pair of them .* scale=\(2, 0\)"),
        ({"scale": -1}, "scale=-1"),
        ({"scale": None}, "scale=None"),
        ({"padding": "full"}, r"one of \('same', 'valid'\). Received: padding='full'"),
        ({"padding": 1}, "padding=1"),
        ({"data_format": "last"}, "'channels_last', 'channels_first'.* data_format='last'"),
        ({"activation": "rellu"}, "rellu"),
        ({"strides": 2}, "strides"),
    ],
)
def test_errors_name_the_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        SubpixelConv2D(**{"filters": 2, "kernel_size": 3, "scale": 2} | arguments)


@pytest.mark.parametrize(
    ("padding", "shape", "message"),
    [
        ("same", (None, 4, 4, None), "known number of channels"),
        ("same", (None, 4, 4), "four dimensions"),
        ("valid", (None, 2, 9, 3), r"smaller than the kernel: kernel_size=\(3, 3\).*=\(None, 2, 9, 3\)"),
    ],
)
def test_input_shapes_are_checked(padding, shape, message):
    with pytest.raises(ValueError, match=message):
        SubpixelConv2D(2, 3, 2, padding).build(shape)


def test_other_channels_than_built_for_are_refused():
    layer = SubpixelConv2D(2, 3, 2)
    layer.build((None, None, None, 4))
    with pytest.raises(ValueError, match=r"expected axis 3 .* to have value 4"):
        layer(np.zeros((1, 4, 4, 5)))


@pytest.mark.gpu
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("filters", [3, 32])
def test_on_gpu(jit_compile, policy, data_format, filters):
    layer = SubpixelConv2D(
        filters, 3, 2, data_format=data_format, dtype=policy, kernel_initializer=glorot(), bias_initializer=normal()
    )
    x = random(2, 8, 8, 4)
    fed = x if data_format == "channels_last" else np.moveaxis(x, 3, 1)
    with tf.device("/GPU:0"):
        y = tf.function(layer, jit_compile=jit_compile)(tf.constant(fed))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(layer(fed), "float32") ** 2)
        gradient = tape.gradient(loss, layer.kernel.value)
    assert "GPU" in y.device
    y = tf.cast(y, "float32").numpy()
    y = y if data_format == "channels_last" else np.moveaxis(y, 1, 3)
    np.testing.assert_allclose(y, reference(layer, x), atol=2e-2 if policy == "mixed_float16" else 5e-3)
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
