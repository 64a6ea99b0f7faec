"""Test every model name of every family: saving, mixed precision, sizes, measures of the network, and twins.

A new family is tested here without a new line. Model arguments whose names are in `SMALL` make its networks small.
"""

import functools
import math

import keras
import numpy as np
import pytest

import zoo
from training.loop.precision import precision
from zoo.models import build_discriminator, families, parse_name
from zoo.network import executed_multiply_adds, multiply_adds, receptive_field
from zoo.upsampling import converted_weights, enlarges, upsampler

SMALL = {"filters": 4, "latent": 5, "hidden": 6, "blocks": 1, "narrow": 3, "d": 4, "s": 3, "m": 1, "width": 8}
NAMES = [name for entry in families().values() for name in entry.model_names()]
SCALED = [name for name in NAMES if parse_name(name).scale]
PICTURES = [name for name in NAMES if parse_name(name).family.kind in ("autoencoder", "vae", "generator")]
# Families, with their scale, whose paper has a transposed kernel that is not k * r: `subpixel` has more weights there.
OWN_KERNEL = {("fsrcnn", 2), ("fsrcnn", 4)}
# Kinds whose output stays in the float type under mixed precision. The others' pictures are cast by their endpoints.
WHOLE_OUTPUT = ("super-resolution", "classifier")


def small(name):
    return {key: value for key, value in SMALL.items() if key in parse_name(name).family.arguments}


@functools.cache
def built(name):
    keras.utils.set_random_seed(0)
    return zoo.create_model(name, **small(name))


def inputs(model, count=2, size=(5, 4)):
    shape = [known or own for known, own in zip(model.input_shape[1:], (*size, 1), strict=False)]
    draw = np.random.default_rng(0)
    numbers = draw.standard_normal((count, *shape)) if len(shape) == 1 else draw.random((count, *shape))
    return numbers.astype(np.float32)


def other_upsampler(name, chosen):
    parts = parse_name(name)
    scale = f"_x{parts.scale}" if parts.scale else ""
    return f"{parts.family.name}{scale}_{chosen}"


def all_layers(model):
    """Return the layers of a model and of the models inside it."""
    return [each for x in model.layers for each in (all_layers(x) if isinstance(x, keras.Model) else [x])]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_plain_functional_model_that_saves_and_loads(name, tmp_path):
    model = built(name)
    assert type(model) is type(keras.Model(model.input, model.output))
    assert model.name == name
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(model)), model(inputs(model)))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_in_0_to_1(name):
    model = built(name)
    output = model(inputs(model)).numpy()
    assert output.shape == (2, 28, 28, 1)
    assert output.min() >= 0.0
    assert output.max() <= 1.0
    assert np.ptp(output) > 0.0
    assert not np.array_equal(output[0], output[1])


@pytest.mark.parametrize("name", SCALED)
def test_every_size_down_to_one_pixel_is_enlarged(name):
    model, scale = built(name), parse_name(name).scale
    channels = model.input_shape[-1]
    for height, width in [(1, 1), (5, 2)]:
        output = model(np.zeros((2, height, width, channels), np.float32))
        assert output.shape == (2, scale * height, scale * width, channels)


# A network of another scale differs in its last layer only.
@pytest.mark.parametrize("name", [n for n in NAMES if parse_name(n).scale in (None, *parse_name(n).family.scales[-1:])])
def test_it_runs_in_mixed_precision(name):
    exact = built(name)
    with precision("mixed_bfloat16"):
        model = zoo.create_model(name, **small(name))
    model.set_weights(exact.get_weights())
    x = inputs(model)
    output, expected = model(x), exact(x).numpy()
    if parse_name(name).family.kind in WHOLE_OUTPUT:
        assert output.dtype == "float32"
    values = keras.ops.convert_to_numpy(keras.ops.cast(output, "float32"))
    # Eight bits of each number, after a few layers.
    np.testing.assert_allclose(values, expected, atol=0.05 * np.abs(expected).max())
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}


@pytest.mark.parametrize("name", NAMES)
def test_its_work_and_its_receptive_field_are_known(name):
    model, parts = built(name), parse_name(name)
    assert executed_multiply_adds(model, parts.scale) > 0
    if not parts.scale:
        return
    field = receptive_field(model)
    assert field.scale == parts.scale
    assert field.halo > 0
    assert field.widest >= model.output_shape[-1] * parts.scale**2
    assert not field.note


@pytest.mark.parametrize("name", [name for name in NAMES if parse_name(name).upsampler])
def test_twins_differ_in_their_upsampling_layers_only(name):
    parts = parse_name(name)
    reference = built(other_upsampler(name, parts.family.upsamplers[0]))
    factors = []
    for layer, other in zip(all_layers(built(name)), all_layers(reference), strict=True):
        assert layer.name == other.name
        assert enlarges(layer) == enlarges(other)
        if enlarges(layer):
            assert isinstance(layer, upsampler(parts.upsampler).layer)
            factors.append(max(getattr(layer, upsampler(parts.upsampler).scale_of)))
        else:
            assert type(layer) is type(other)
            shapes = [[tuple(weight.shape) for weight in each.weights] for each in (layer, other)]
            assert shapes[0] == shapes[1]
    assert math.prod(factors) == (parts.scale or parts.family.upsampling)


@pytest.mark.parametrize("name", [n for n in NAMES if (u := parse_name(n).upsampler) and upsampler(u).exact_twin])
def test_exact_twins_have_equal_parameters_and_compute_the_same(name):
    parts = parse_name(name)
    source = built(name)
    target = zoo.create_model(other_upsampler(name, upsampler(parts.upsampler).exact_twin), **small(name))
    if (parts.family.name, parts.scale) in OWN_KERNEL:
        assert source.count_params() != target.count_params()
        return
    assert source.count_params() == target.count_params()
    for layer, other in zip(all_layers(source), all_layers(target), strict=True):
        if layer.weights:
            other.set_weights(converted_weights(layer, other))
    np.testing.assert_allclose(target(inputs(target)), source(inputs(source)), atol=2e-6)


@pytest.mark.parametrize("family", [name for name, entry in families().items() if entry.discriminator])
def test_a_discriminator_takes_its_generators_pictures(family, tmp_path):
    name = families()[family].model_names()[0]
    generator, network = built(name), build_discriminator(name, **small(name))
    assert network.input_shape == generator.output_shape
    logits = network(generator(inputs(generator)))
    assert logits.shape == (2, 1)
    assert np.isfinite(logits).all()
    assert multiply_adds(network) > 0
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(network)), network(inputs(network)))
