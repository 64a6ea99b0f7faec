"""Check that the layer takes the place of Keras's Conv2DTranspose: arguments, weights, files, output, training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from tests.helpers.small_models import noise, relative
from zoo.network import multiply_adds, receptive_field
from zoo.upsampling import Conv2DTranspose, SubpixelConv2D

sizes = st.integers(1, 6)


def pair_of_layers(*args, shape=(5, 4, 2), **options):
    """Return Keras's layer and this one with the same weights."""
    made = []
    for kind in (layers.Conv2DTranspose, Conv2DTranspose):
        layer = kind(*args, **{"dtype": "float64", "bias_initializer": "ones", **options})
        layer.build((None, *shape))
        made.append(layer)
    made[1].set_weights(made[0].get_weights())
    return made


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(sizes, sizes),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(["same", "valid"]),
    st.data(),
)
def test_every_size_stride_and_padding(kernel_size, strides, padding, data):
    output_padding = data.draw(st.none() | st.tuples(*(st.integers(0, r - 1) for r in strides)))
    even = output_padding and any(k % 2 == 0 and not p for k, p in zip(kernel_size, output_padding, strict=True))
    assume(padding == "valid" or not even)
    old, new = pair_of_layers(3, kernel_size, strides, padding, output_padding)
    x = noise(2, 5, 4, 2)
    assert relative(old(x), new(x)) < 1e-13
    assert new(x).shape == new.compute_output_shape(x.shape) == old(x).shape
    assert [(w.name, w.shape) for w in new.weights] == [(w.name, w.shape) for w in old.weights]


def along_rows(x):
    return keras.ops.softmax(x, axis=1)


@pytest.mark.parametrize(
    "options",
    [
        {"use_bias": False},
        {"activation": along_rows},
        {"activation": layers.PReLU(dtype="float64")},
        {"kernel_regularizer": "l2", "activity_regularizer": "l1"},
    ],
)
def test_every_other_argument(options):
    old, new = pair_of_layers(3, 4, 2, "same", **options)
    x = noise(2, 5, 4, 2)
    assert relative(old(x), new(x)) < 1e-13
    assert [float(loss) for loss in new.losses] == pytest.approx([float(loss) for loss in old.losses], rel=1e-12)
    assert {**new.get_config(), "name": ""} == {**old.get_config(), "name": ""}


def test_a_dilated_kernel_is_left_to_keras():
    old, new = pair_of_layers(3, 3, padding="same", dilation_rate=2)
    # TensorFlow itself has no kernel for it on a CPU, but XLA has.
    before, after = (tf.function(layer, jit_compile=True)(noise(2, 5, 4, 2)) for layer in (old, new))
    assert relative(before, after) < 1e-13
    with pytest.raises(ValueError, match=r"dilation_rate=\(2, 2\)"):
        new.reach()


def test_what_tensorflow_cannot_run_is_refused_at_once():
    with pytest.raises(ValueError, match="TensorFlow cannot run"):
        Conv2DTranspose(3, 4, 2, "same", output_padding=0)


def test_channels_first_runs_on_a_cpu():
    old, _ = pair_of_layers(3, 4, (2, 3), "same")
    _, new = pair_of_layers(3, 4, (2, 3), "same", shape=(2, 5, 4), data_format="channels_first")
    new.set_weights(old.get_weights())
    x = noise(2, 5, 4, 2)
    assert relative(np.transpose(old(x), (0, 3, 1, 2)), new(np.transpose(x, (0, 3, 1, 2)))) < 1e-13


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_are_those_of_the_original(compiled):
    """Check first and second gradients with respect to the input and to the original's own weights."""
    x = tf.constant(noise(1, 4, 3, 2))

    def gradients(layer):
        # XLA would cluster the variables' reads with the rest, so that the function takes nothing else.
        @tf.function(jit_compile=compiled)
        def run():
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    loss = tf.reduce_sum(tf.math.tanh(layer(x)) ** 2)
                weights = [weight.value for weight in layer.weights]
                first = inner.gradient(loss, [x, *weights])
                norm = tf.reduce_sum(first[0] ** 2)
            return [*first, *outer.gradient(norm, [x, *weights])]

        return run()

    old, new = pair_of_layers(3, 3, 2, "same")
    for one, other in zip(gradients(old), gradients(new), strict=True):
        assert relative(one, other) < 1e-12


def test_training_stays_that_of_the_original():
    """Check that the taps of zeros that fill up a 3x3 kernel do not train."""
    models = []
    for layer in pair_of_layers(3, 3, 2, "same"):
        model = keras.Sequential([keras.Input((5, 4, 2), dtype="float64"), layer])
        model.compile(keras.optimizers.Adam(0.01), "mse")
        model.fit(noise(8, 5, 4, 2), noise(8, 10, 8, 3, seed=1), epochs=3, shuffle=False, verbose=0)
        models.append(model)
    for one, other in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        assert relative(one, other) < 1e-10


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_precisions(policy):
    old, new = pair_of_layers(3, 4, 2, "same", dtype=policy)
    x = noise(2, 5, 4, 2).astype("float32")
    assert new(x).dtype == old(x).dtype
    assert relative(old(x), new(x)) < 0.02
    assert new.kernel.dtype == old.kernel.dtype


def network(kind, shape=(None, None, 2)):
    image = x = keras.Input(shape)
    for number, size in enumerate((4, 3)):
        x = kind(3, size, 2, "same", activation="relu", name=f"up{number}")(x)
    return keras.Model(image, x)


def test_files_of_the_original_load(tmp_path):
    old, new = network(layers.Conv2DTranspose), network(Conv2DTranspose)
    x = noise(1, 5, 4, 2).astype("float32")
    old.save_weights(tmp_path / "original.weights.h5")
    new.load_weights(tmp_path / "original.weights.h5")
    assert relative(old(x), new(x)) < 1e-6
    new.save_weights(tmp_path / "back.weights.h5")
    again = network(layers.Conv2DTranspose)
    again.load_weights(tmp_path / "back.weights.h5")
    np.testing.assert_array_equal(again.get_weights()[0], old.get_weights()[0])


def test_saves_loads_and_exports(tmp_path):
    model = network(Conv2DTranspose)
    x = noise(1, 5, 4, 2).astype("float32")
    expected = model(x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert type(loaded.get_layer("up0")) is Conv2DTranspose
    assert relative(expected, loaded(x)) == 0
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(tmp_path / "saved")
    assert relative(expected, served.serve(x)) < 1e-6
    # Any height and width.
    assert served.serve(noise(2, 3, 7, 2).astype("float32")).shape == (2, 12, 28, 3)


def test_facts_about_a_network_of_it():
    model = network(Conv2DTranspose, (16, 16, 2))
    # The 3x3 kernel fills up to 4x4.
    assert multiply_adds(model) == 16 * 16 * 16 * 2 * 3 + 32 * 32 * 16 * 3 * 3
    twin = keras.Sequential([keras.Input((None, None, 2)), Conv2DTranspose(3, 6, 2, "same")])
    subpixel = keras.Sequential([keras.Input((None, None, 2)), SubpixelConv2D(3, 3, 2)])
    assert receptive_field(twin) == receptive_field(subpixel)


@pytest.mark.parametrize(("size", "padding"), [(4, "same"), (3, "same"), (5, "same"), (4, "valid")])
def test_reach_is_what_an_impulse_reaches(size, padding):
    layer = Conv2DTranspose(1, size, 2, padding, kernel_initializer="ones", dtype="float64")
    x = np.zeros((1, 9, 1, 1))
    x[0, 4] = 1
    reached = np.flatnonzero(np.asarray(layer(x))[0, :, 0, 0])
    (scale, first, last), _ = layer.reach()
    length = layer(x).shape[1]
    assert list(reached) == [p for p in range(length) if (p + first) // scale <= 4 <= (p + last) // scale]
