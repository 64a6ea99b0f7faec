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
    assert sorted(FAMILIES) == ["edsr", "espcn", "fsrcnn", "sesr", "span"]
    assert len(zoo.list_models("*_x[234]_*")) == 5 * 3 * 4


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


def test_large_sesr_is_a_stack_of_3x3_convolutions_of_106_to_116_thousand_parameters():
    for scale in (2, 3, 4):
        model = zoo.create_model(f"sesr_x{scale}_subpixel", m=11, filters=32, collapsed=True)
        assert 106_000 <= model.count_params() <= 116_000
        convolutions = [layer for layer in model.layers if hasattr(layer, "kernel_size")]
        assert [layer.kernel_size for layer in convolutions] == [(5, 5), *[(3, 3)] * 11, (5, 5)]


def test_span_has_the_papers_parameters_once_collapsed():
    # NTIRE 2026 counts 150,688 with 28 channels at x4, and the paper 426,288 with 48, on RGB and with a bias for each
    # phase. On luma the first and the last convolution have a third of the kernels.
    for filters, published in ((28, 150_688), (48, 426_288)):
        model = zoo.create_model("span_x4_subpixel", filters=filters, collapsed=True)
        assert model.count_params() == published - 2 * 9 * filters - 32 * 9 * filters - 47
    for scale in (2, 3, 4):
        narrow = zoo.create_model(f"span_x{scale}_subpixel", collapsed=True)
        assert narrow.count_params() <= 160_000
        assert zoo.create_model(f"span_x{scale}_subpixel").count_params() > 1.5 * narrow.count_params()


def spans_formula(model, image):
    """Compute SPAN's figure from the collapsed network's weights, in NumPy but for the convolutions."""

    def convolved(x, name):
        kernel, bias = model.get_layer(name).get_weights()
        return tf.nn.conv2d(x, kernel, 1, "SAME").numpy() + bias

    def sigmoid(x):
        return 0.5 * (1 + np.tanh(0.5 * x))

    first = x = convolved(255 * (image - 0.45), "features")
    outputs = []
    for number in range(1, 7):
        one = convolved(x, f"block{number}_conv1")
        two = convolved(one * sigmoid(one), f"block{number}_conv2")
        three = convolved(two * sigmoid(two), f"block{number}_conv3")
        x = (x + three) * (sigmoid(three) - 0.5)
        outputs.append(x)
    features = np.concatenate([first, convolved(x, "body"), outputs[0], one * sigmoid(one)], -1)
    kernel, bias = model.get_layer("head").get_weights()
    phases = tf.nn.conv2d(convolved(features, "fusion"), kernel, 1, "SAME")
    return (tf.nn.depth_to_space(phases, 2).numpy() + bias) / 255 + 0.45


def test_span_computes_its_papers_formula():
    model = zoo.create_model("span_x2_subpixel", filters=4, collapsed=True)
    image = np.random.default_rng(1).random((2, 9, 8, 1), np.float32)
    np.testing.assert_allclose(model(image), spans_formula(model, image), atol=2e-4)


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


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sesr_x2_subpixel", {"m": 3, "width": 160}),
        ("sesr_x2_transpose", {"m": 3, "width": 160}),
        ("span_x2_subpixel", {"blocks": 2, "filters": 6, "width": 12}),
    ],
)
def test_the_collapsed_network_computes_what_the_trained_one_does(name, arguments):
    wide = randomised(zoo.create_model(name, **arguments))
    narrow = zoo.create_model(name, **arguments, collapsed=True)
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
        (lambda: zoo.create_model("span_x2_subpixel", blocks=0), "blocks 0"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
