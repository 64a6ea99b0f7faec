"""Check that a layer that cannot be converted stays, and that the report says why."""

import keras
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.helpers.small_models import Shuffle, functional, hand_written, kinds, noise, same_outputs, sequential
from zoo.convert import convert


class Scrambled(layers.Layer):
    """Shuffle with rows and columns exchanged, which neither TensorFlow nor PyTorch does."""

    def call(self, x):
        _, h, w, c = x.shape
        x = ops.transpose(ops.reshape(x, (-1, h, w, 2, 2, c // 4)), (0, 1, 4, 2, 3, 5))
        return ops.reshape(x, (-1, 2 * h, 2 * w, c // 4))


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
        (lambda: layers.Lambda(lambda x: ops.repeat(-x, 2, 1), name="it"), "subpixel", "Lambda is code of its own"),
        (lambda: layers.Lambda(lambda x: ops.repeat(x, 2, 1), name="it"), "subpixel", "it makes is used elsewhere too"),
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


def conv_transpose(rank, **options):
    """Return a transposed convolution over time, pictures or volumes."""
    return getattr(layers, f"Conv{rank}DTranspose")(4, 4, 2, "same", name="up", **options)


@pytest.mark.parametrize(
    ("layer", "shape", "reason"),
    [
        (lambda: conv_transpose(1), (6, 4), "depth_to_space takes height and width"),
        (lambda: conv_transpose(3), (3, 3, 3, 4), "depth_to_space shuffles no third axis"),
        (
            lambda: layers.SpectralNormalization(conv_transpose(2)),
            (6, 5, 4),
            "it divides the kernel of up by its largest singular value whenever it is trained",
        ),
        (
            lambda: layers.TimeDistributed(conv_transpose(2)),
            (2, 6, 5, 4),
            "it calls up at each step of time, and only layers that a model calls are replaced",
        ),
        (
            lambda: layers.UpSampling2D(2, interpolation="bilinear"),
            (6, 5, 4),
            "its interpolation is bilinear",
        ),
        (lambda: layers.Resizing(12, 10), (6, 5, 4), "its interpolation is bilinear"),
        (lambda: lambda x: ops.image.resize(x, (12, 10)), (6, 5, 4), "its interpolation is bilinear"),
        (
            lambda: layers.Lambda(lambda x: tf.image.resize(x, (12, 10))),
            (6, 5, 4),
            "Lambda is code of its own, which is not known",
        ),
    ],
)
def test_all_that_enlarges_is_named_with_the_reason(layer, shape, reason):
    model = functional(layer(), shape, dtype="float32")
    new, report = convert(model, "subpixel")
    same_outputs(model, new, noise(2, *shape).astype("float32"), tolerance=1e-6)
    (kept,) = report.kept
    assert reason in kept.reason
    back = convert(model, "transpose")[1].layers
    # A transposed convolution, also inside another layer, has this form already.
    holds_one = kept.kind in ("Conv1DTranspose", "Conv3DTranspose", "SpectralNormalization", "TimeDistributed")
    assert [row.reason for row in back] == ([] if holds_one else [kept.reason])


def test_quantised_layers_are_copied_beside_what_is_converted():
    model = functional(lambda x: conv_transpose(2)(layers.Dense(4, name="dense")(x)), dtype="float32")
    model.get_layer("dense").quantize("int8")
    new, report = convert(model, "subpixel")
    assert [row.name for row in report.converted] == ["up"]
    assert new.get_layer("dense").quantization_mode == "int8"
    same_outputs(model, new, noise(2, 6, 5, 4).astype("float32"), tolerance=1e-5)


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
    assert report.kept[0].reason == "it is a subclassed model with a call of its own, which is not known"


def test_bad_arguments_are_named():
    model = sequential(layers.Conv2DTranspose(3, 4, 2, "same", dtype="float64"), shape=(None, None, 4))
    for make, message in [
        (lambda: convert(model, "pixelshuffle"), "to='pixelshuffle'"),
        (lambda: convert(model, "subpixel", when="sometimes"), "when='sometimes'"),
        (lambda: convert(model, "subpixel", when="faster"), "give input_shape, such as"),
        (lambda: convert(model, "subpixel", measure=True), "give input_shape, such as"),
        (lambda: convert(model, "subpixel", input_shape=(6, 5, 3)), r"input_shape=\(6, 5, 3\).* takes \(any, any, 4\)"),
        (lambda: convert(model, "subpixel", input_shape=(6, 4)), r"input_shape=\(6, 4\) does not fit"),
        (lambda: convert("model.keras", "subpixel"), "must be a Keras model. Received: str"),
        (lambda: convert(keras.Sequential([layers.Dense(1)]), "subpixel"), "is not built"),
    ]:
        with pytest.raises(ValueError, match=message):
            make()
