"""Compare super-resolution networks with their papers' counts, and check the collapse of linear blocks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.layers.collapsible_conv2d import CollapsibleConv2D, collapse_into
from zoo.models import families
from zoo.network import super_resolution_multiply_adds

FAMILIES = [name for name, family in families().items() if family.kind == "super-resolution"]


def kernels(model):
    """Count convolution weights, without biases and slopes."""
    return sum(int(np.prod(weight.shape)) for weight in model.weights if len(weight.shape) == 4)


def test_the_families_and_their_names():
    assert sorted(FAMILIES) == ["edsr", "espcn", "fsrcnn", "sesr"]
    assert len(zoo.list_models("*_x[234]_*")) == 4 * 3 * 4


def test_espcn_has_the_papers_layers():
    # 5x5 to 64, 3x3 to 32, 3x3 to r*r, as the paper's figure 1 has them.
    for scale in (2, 3, 4):
        model = zoo.create_model(f"espcn_x{scale}_subpixel")
        assert kernels(model) == 25 * 64 + 9 * 64 * 32 + 9 * 32 * scale**2
        assert kernels(zoo.create_model(f"espcn_x{scale}_transpose")) == kernels(model)
        assert {model.get_layer(name).activation.__name__ for name in ("features", "mapping")} == {"tanh"}


def test_fsrcnn_has_the_papers_12464_weights_for_every_scale():
    for scale in (2, 3, 4):
        model = zoo.create_model(f"fsrcnn_x{scale}_transpose")
        assert kernels(model) == 12_464
        assert model.get_layer("head").kernel_size == (9, 9)
    assert kernels(zoo.create_model("fsrcnn_x3_subpixel")) == 12_464


def test_sesr_is_as_small_as_the_paper_says_once_collapsed():
    # M7 with 16 channels at x2: 18.1K in the paper, 18.4K with biases and slopes.
    wide = zoo.create_model("sesr_x2_subpixel")
    narrow = zoo.create_model("sesr_x2_subpixel", collapsed=True)
    assert kernels(narrow) == 25 * 16 + 7 * 9 * 16 * 16 + 25 * 16 * 4 == 18_128
    assert wide.count_params() > 10 * narrow.count_params()
    for scale, limit in [(2, 20_000), (3, 23_000), (4, 27_000)]:
        assert zoo.create_model(f"sesr_x{scale}_subpixel", collapsed=True).count_params() <= limit


def test_edsr_baseline_has_the_papers_parameters():
    # 1.37 M at x2; the code of the paper's authors counts 1,369,859 with a bias for each phase of the up-sampler.
    counts = {scale: zoo.create_model(f"edsr_x{scale}_subpixel").count_params() for scale in (2, 3, 4)}
    assert counts == {2: 1_369_859 - 3 * 64, 3: 1_554_499 - 8 * 64, 4: 1_517_571 - 6 * 64}


def test_multiply_adds_are_counted_for_an_output_of_1280x720():
    model = zoo.create_model("fsrcnn_x2_subpixel")
    # At low resolution only: 640x360 places, a 5x5 head of four channels.
    per_place = 25 * 56 + 56 * 12 + 4 * 9 * 12 * 12 + 12 * 56 + 25 * 56 * 4
    assert super_resolution_multiply_adds(model, 2) == per_place * 640 * 360
    wide = zoo.create_model("sesr_x2_subpixel")
    narrow = zoo.create_model("sesr_x2_subpixel", collapsed=True)
    assert super_resolution_multiply_adds(narrow, 2) == 18_128 * 640 * 360
    assert super_resolution_multiply_adds(wide, 2) == super_resolution_multiply_adds(narrow, 2)


def randomised(model):
    generator = np.random.default_rng(0)
    model.set_weights([value + 0.1 * generator.standard_normal(value.shape) for value in model.get_weights()])
    return model


@pytest.mark.parametrize("upsampler", ["subpixel", "transpose"])
def test_the_collapsed_network_computes_what_the_trained_one_does(upsampler):
    name = f"sesr_x2_{upsampler}"
    wide = randomised(zoo.create_model(name, m=3, width=160))
    narrow = zoo.create_model(name, m=3, width=160, collapsed=True)
    collapse_into(wide, narrow)
    x = np.random.default_rng(1).random((2, 9, 8, 1), np.float32)
    one, other = wide(x).numpy(), narrow(x).numpy()
    assert np.abs(one - other).max() <= 1e-4 * np.abs(one).max()
    assert np.abs(one).max() > 0.1


def test_a_linear_block_is_its_two_convolutions():
    block = randomised(keras.Sequential([keras.Input((None, None, 5)), CollapsibleConv2D(5, 3, 7, residual=True)]))
    expand, project, bias = block.get_weights()
    x = np.random.default_rng(2).random((1, 6, 7, 5), np.float32)
    inner = tf.nn.conv2d(x, expand, 1, "SAME")
    expected = tf.nn.conv2d(inner, project[None, None], 1, "SAME") + bias + x
    np.testing.assert_allclose(block(x), expected, atol=1e-5)


@pytest.mark.parametrize("width", [64, 8, 4])
def test_a_linear_block_takes_the_kernel_of_a_convolution(width):
    block = CollapsibleConv2D(4, 3, width=width, residual=True)
    block.build((None, None, None, 4))
    generator = np.random.default_rng(3)
    kernel = generator.standard_normal((3, 3, 4, 4)).astype(np.float32)
    bias = generator.standard_normal(4).astype(np.float32)
    block.uncollapse(kernel, bias)
    np.testing.assert_allclose(block.collapse()[0], kernel, atol=1e-4)
    np.testing.assert_array_equal(block.collapse()[1], bias)
    narrow = CollapsibleConv2D(4, 3, width=3)
    narrow.build((None, None, None, 4))
    with pytest.raises(ValueError, match="width must be at least 4"):
        narrow.uncollapse(kernel, bias)


def test_a_linear_block_survives_a_keras_file(tmp_path):
    model = randomised(keras.Sequential([keras.Input((None, None, 2)), CollapsibleConv2D(2, 3, 8, residual=True)]))
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((1, 4, 4, 2), np.float32)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CollapsibleConv2D(0, 3), "filters"),
        (lambda: CollapsibleConv2D(2, 4, residual=True), r"odd kernel_size.*\(4, 4\)"),
        (lambda: CollapsibleConv2D(2, 3, residual=True).build((None, 4, 4, 3)), "cannot take input_shape"),
        (lambda: zoo.create_model("edsr_x2_subpixel", blocks=0), "blocks 0"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
