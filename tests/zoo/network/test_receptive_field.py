"""Compare the receptive field that is read from a network's layers with the one that its output shows."""

import keras
import numpy as np
import pytest
from keras import layers

import zoo
from zoo.layers import CollapsibleConv2D, SpectralConv2D
from zoo.network import field_of, receptive_field
from zoo.upsampling import PhaseBias, ResizeConv2D, SubpixelConv2D


def seen(model, scale, size=41):
    """Return the distance, in input pixels, from an output pixel to the farthest input pixel that changes it.

    Every weight is positive, so that nothing cancels and no activation is dead.
    """
    for weight in model.weights:
        weight.assign(np.full(weight.shape, 1 / np.prod(weight.shape[:-1])))
    even = np.full((1, size, size, model.input_shape[-1]), 0.5, np.float32)
    changed = even.copy()
    middle = size // 2
    changed[:, middle, middle] = 0.75
    rows = np.flatnonzero((model(changed).numpy() != model(even).numpy()).any((0, 2, 3)))
    columns = np.flatnonzero((model(changed).numpy() != model(even).numpy()).any((0, 1, 3)))
    return int(max(np.abs(places // scale - middle).max() for places in (rows, columns)))


SMALL = {
    "espcn": {"filters": 3, "narrow": 2, "activation": "relu"},
    "fsrcnn": {"d": 3, "s": 2, "m": 2},
    "sesr": {"m": 2, "filters": 2, "width": 4},
    "edsr": {"blocks": 2, "filters": 2},
    "span": {"blocks": 1, "filters": 2, "width": 4},
}


@pytest.mark.parametrize(("upsampler", "scale"), [("subpixel", 2), ("subpixel", 3), ("resize", 4)])
@pytest.mark.parametrize("family", SMALL)
def test_the_halo_of_every_family_is_what_its_output_shows(family, upsampler, scale):
    model = zoo.create_model(f"{family}_x{scale}_{upsampler}", **SMALL[family])
    field = receptive_field(model)
    assert field.scale == scale
    assert field.halo == seen(model, scale)


def network(*stack):
    image = x = keras.Input((None, None, 1))
    for layer in stack:
        x = layer(x)
    return keras.Model(image, x)


@pytest.mark.parametrize(
    ("stack", "scale", "halo"),
    [
        # An even kernel reaches farther below: it sees one pixel above and two below its own.
        ([layers.Conv2D(2, 4, padding="same")], 1, 2),
        ([layers.Conv2D(2, 3, dilation_rate=3, padding="same"), layers.DepthwiseConv2D(3, padding="same")], 1, 4),
        # Two 3x3 kernels at twice the size reach two enlarged pixels, which are one input pixel.
        ([layers.UpSampling2D(2), layers.Conv2D(2, 3, padding="same"), layers.Conv2D(2, 3, padding="same")], 2, 1),
        ([SubpixelConv2D(2, 2, 3), SubpixelConv2D(1, 3, 2)], 6, 2),
        ([ResizeConv2D(1, 1, 3, interpolation="bilinear")], 3, 1),
        ([ResizeConv2D(1, 3, 2, interpolation="bilinear")], 2, 1),
        ([ResizeConv2D(1, 3, 2, dilation_rate=3)], 2, 2),
        ([SubpixelConv2D(1, 5, 2, padding="valid"), layers.ZeroPadding2D(4)], 2, 2),
        ([CollapsibleConv2D(2, 5, width=3), SpectralConv2D(1, 4)], 1, 4),
        ([layers.Conv2DTranspose(1, 9, 2, padding="same")], 2, 2),
        ([layers.Conv2DTranspose(2, 4, 2, padding="same"), layers.Conv2DTranspose(1, 9, 3, padding="same")], 6, 1),
        ([layers.Conv2DTranspose(1, 2, 3, padding="same"), layers.Conv2D(1, 3, padding="same")], 3, 1),
        # The reach of these is found by trying.
        ([layers.MaxPooling2D(3, 1, "same"), layers.UpSampling2D(3, interpolation="bilinear")], 3, 2),
        ([layers.SeparableConv2D(1, 5, padding="same")], 1, 2),
        # A padded, valid convolution with a crop after it acts like an off-centre kernel of size 5.
        (
            [
                layers.ZeroPadding2D(((2, 1), (2, 1))),
                SubpixelConv2D(1, 3, 2, padding="valid"),
                layers.Cropping2D(((1, 1), (1, 1))),
            ],
            2,
            2,
        ),
    ],
)
def test_reaches_of_layers(stack, scale, halo):
    model = network(*stack)
    field = receptive_field(model)
    assert (field.scale, field.halo) == (scale, halo)
    assert seen(model, scale) == halo


def test_paths_and_models_inside_models_are_followed():
    inner = network(layers.Conv2D(1, 5, padding="same"))
    image = keras.Input((None, None, 1))
    wide, near = layers.Conv2D(1, 7, padding="same")(inner(image)), layers.PReLU(shared_axes=[1, 2])(image)
    model = keras.Model(image, layers.Add()([wide, near]))
    assert receptive_field(model).halo == 5 == seen(model, 1)


def test_the_largest_feature_map_is_counted_per_input_pixel():
    assert receptive_field(zoo.create_model("edsr_x4_subpixel")).widest == 64 * 16
    assert receptive_field(zoo.create_model("espcn_x3_resize", filters=8, narrow=7)).widest == 7 * 9


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ([layers.Conv2D(1, 3, 2, padding="same", name="half")], "half has strides"),
        ([layers.GlobalAveragePooling2D(keepdims=True, name="mean")], r"mean, a Global.*turns 48 pixels into \(1, 1\)"),
        ([layers.Softmax(axis=(1, 2), name="all")], "all, a Softmax, depends on the whole picture"),
        ([layers.UpSampling2D((2, 3))], "2 times in height and 3 times in width"),
        ([SpectralConv2D(1, 4, 2, name="down")], r"down has strides \(2, 2\)"),
        ([ResizeConv2D(1, 3, 2, strides=2, name="odd")], r"odd has strides \(2, 2\)"),
        ([PhaseBias(2, name="pattern")], "pattern adds a pattern whose phase depends on the place"),
        ([layers.UpSampling2D(2, "channels_first", name="first")], "first has data_format='channels_first'"),
    ],
)
def test_networks_that_cannot_run_in_tiles_say_which_layer(stack, message):
    with pytest.raises(ValueError, match=message):
        receptive_field(network(*stack))


def test_a_layer_of_a_users_own_file_states_its_reach():
    class Blur(layers.Layer):
        """Double the size, then read two pixels above and one to the left; its work needs seven channels."""

        def call(self, inputs):
            large = keras.ops.repeat(keras.ops.repeat(inputs, 2, 1), 2, 2)
            large = keras.ops.pad(large, ((0, 0), (2, 0), (1, 0), (0, 0)))
            return large[:, 2:, 1:] + large[:, :-2, 1:] + large[:, 2:, :-1]

    class KnownBlur(Blur):
        def reach(self):
            return (2, -2, 0), (2, -1, 0)

        def held_channels(self, input_shape, output_shape):
            return 7

    tried = receptive_field(network(Blur(name="blur")))
    assert (tried.scale, tried.halo) == (2, 1)
    assert "nothing states how far blur" in tried.note
    assert "depends on 1 pixels" in tried.note
    model = network(layers.Conv2D(1, 3, padding="same"), KnownBlur())
    field = receptive_field(model)
    assert (field.scale, field.halo, field.widest) == (2, 2, 7 * 4)
    assert seen(model, 2) == 2


def test_operations_of_keras_are_read():
    image = keras.Input((None, None, 1))
    x = layers.Conv2D(8, 3, padding="same")(image)
    x = keras.ops.depth_to_space(keras.ops.relu(x + 0.1 * keras.ops.tanh(x)), 2)
    field = receptive_field(keras.Model(image, keras.ops.clip(x, 0.0, 1.0) * 0.5))
    assert (field.scale, field.halo, field.note) == (2, 1, "")


def test_a_network_that_looks_at_the_whole_picture_has_no_halo_and_the_scale_of_its_output():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(12, 3, padding="same")(image)
    attention = layers.Dense(12, "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x))
    field = field_of(keras.Model(image, keras.ops.depth_to_space(x * attention, 2)))
    assert (field.scale, field.halo) == (2, None)
    assert field.note.startswith("mean, a GlobalAveragePooling2D")


def test_a_network_of_another_size_than_a_multiple_is_refused():
    with pytest.raises(ValueError, match=r"odd does not enlarge.*16x24 pixels into 14x22 and 24x16 pixels into 22x14"):
        image = keras.Input((None, None, 1))
        field_of(keras.Model(image, layers.Lambda(lambda x: x[:, 1:-1, 1:-1])(image), name="odd"))


def test_a_layer_that_depends_on_the_place_is_found_out():
    class Ramp(layers.Layer):
        """Multiply each row by its number, so that no trial at one place shows that places differ."""

        def call(self, inputs):
            rows = keras.ops.arange(keras.ops.shape(inputs)[1], dtype="float32")
            return inputs * rows[None, :, None, None]

    with pytest.raises(ValueError, match=r"a part of a picture becomes something else.* because of ramp in"):
        receptive_field(network(Ramp(name="ramp")))
