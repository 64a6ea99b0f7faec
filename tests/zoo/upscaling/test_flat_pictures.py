"""Check that what is flat stays flat, to its edges, and that a photograph has no rim."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers.random_models import ENLARGING
from zoo.formats.litert import to_litert
from zoo.network import field_of
from zoo.upscaling.enlarger import create_enlarger
from zoo.upscaling.picture import enlarge_picture
from zoo.upscaling.picture_network import PictureNetwork

# Random weights bend more between the levels at which the response is measured than those of trained networks.
RANDOM_LIMIT = 2.5 / 255
LUMA = sorted(name for name in ENLARGING if not name.startswith("edsr"))
TYPES = [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)]


@pytest.mark.parametrize("name", LUMA)
def test_flat_pictures_stay_flat_and_grey_ones_are_their_copies_in_three_channels(name, enlarging):
    enlarger = create_enlarger(name)
    for dtype, peak in TYPES:
        grey = (np.random.default_rng(1).random((31, 40, 1)) * peak).astype(dtype)
        large = enlarge_picture(grey, enlarger)
        np.testing.assert_array_equal(enlarge_picture(np.repeat(grey, 3, -1), enlarger), np.repeat(large, 3, -1))
        for level in (0, 3, 77, 128, 200, 254, 255):
            value = np.array(level / 255 * peak, dtype)
            grey = enlarge_picture(np.full((9, 14, 1), value), enlarger)
            assert np.abs(grey.astype(float) - value).max() <= (0 if level in (0, 255) else RANDOM_LIMIT * peak)
            rgb = enlarge_picture(np.full((9, 14, 3), value), enlarger)
            np.testing.assert_array_equal(rgb, np.repeat(grey, 3, -1))


@pytest.mark.parametrize("name", LUMA)
def test_flat_pictures_stay_flat_in_the_endpoints(name, enlarging):
    saved = zoo.load_pretrained(name)
    for level in (0, 1, 128, 255):
        rgb = np.full((2, 5, 8, 3), level, np.uint8)
        difference = saved.serve_uint8(image=tf.constant(rgb))["image"].numpy().astype(int) - level
        assert np.abs(difference).max() <= (0 if level in (0, 255) else RANDOM_LIMIT * 255)
        served = saved.serve(image=tf.constant(rgb / np.float32(255)))["image"].numpy()
        assert np.abs(served - level / 255).max() <= (0 if level in (0, 255) else RANDOM_LIMIT)
        luma = np.full((1, 4, 4, 1), (16 + level / 255 * 219) / 255, np.float32)
        assert np.abs(saved.serve_luma(image=tf.constant(luma))["image"] - luma[0, 0, 0]).max() <= RANDOM_LIMIT


@pytest.mark.parametrize("name", LUMA)
def test_networks_in_endpoints_shuffle_in_the_form_that_is_fast_on_cpus(name, enlarging):
    graph = zoo.load_pretrained(name).signatures["serve_luma"].graph
    functions = graph.as_graph_def().library.function
    kinds = {node.op for each in functions for node in each.node_def} | {each.type for each in graph.get_operations()}
    assert "Transpose" in kinds
    assert "DepthToSpace" not in kinds


def test_only_the_response_to_flat_pictures_is_removed():
    """A network that adds a pattern to its input, stronger where it is brighter, becomes the input itself."""
    image = keras.Input((None, None, 1))
    phases = keras.ops.concatenate([image, 0.9 * image + 0.02, image + 0.03, 1.1 * image], -1)
    model = keras.Model(image, keras.ops.depth_to_space(phases, 2))
    pictures = np.random.default_rng(0).uniform(0.1, 0.8, (2, 6, 5, 1)).astype(np.float32)
    large = PictureNetwork(model, field_of(model)).enlarge_luma(tf.constant(pictures)).numpy()
    np.testing.assert_allclose(large, pictures.repeat(2, 1).repeat(2, 2), atol=1e-6)


@pytest.mark.slow
def test_flat_pictures_stay_flat_in_every_published_model():
    for name in zoo.list_models("*_x*", pretrained=True):
        enlarger = create_enlarger(name)
        for dtype, peak in TYPES:
            for level in range(0, 256, 3):
                value = np.array(level / 255 * peak, dtype)
                for channels in (1, 3):
                    large = enlarge_picture(np.full((6, 7, channels), value), enlarger)
                    limit = 0 if level in (0, 255) else peak / 255
                    assert np.abs(large.astype(float) - value).max() <= limit, (name, dtype, level)


@pytest.mark.slow
def test_a_photograph_has_no_rim():
    """The outer pixels differ from bicubic ones no more than twice as much as those inside."""
    from skimage import data

    picture = data.astronaut()[40:160, 180:300]
    for name in zoo.list_models("*_x*", pretrained=True):
        scale = zoo.card(name)["scale"]
        difference = zoo.upscale(picture, name).astype(float) - zoo.upscale(picture, f"bicubic_x{scale}")
        inner = np.zeros(difference.shape[:2], bool)
        inner[3:-3, 3:-3] = True
        assert np.abs(difference[~inner]).mean() <= 2 * np.abs(difference[inner]).mean(), name


# TensorFlow's own interpreter needs no further package.
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")
def test_an_endpoint_in_litert_keeps_flat_pictures_flat_and_takes_any_size(enlarging):
    saved = zoo.load_pretrained("sesr_x2_subpixel")
    interpreter = tf.lite.Interpreter(model_content=to_litert(saved.signatures["serve_luma"]))
    (taken,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    noise = np.random.default_rng(0).random((1, 9, 32, 1), np.float32)
    for pictures in (np.full((1, 5, 8, 1), 235 / 255, np.float32), noise):
        interpreter.resize_tensor_input(taken["index"], pictures.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], pictures)
        interpreter.invoke()
        large = interpreter.get_tensor(made["index"])
        np.testing.assert_allclose(large, saved.serve_luma(image=pictures)["image"], atol=1e-5)
    assert np.ptp(saved.serve_luma(image=np.full((1, 5, 8, 1), 235 / 255, np.float32))["image"]) < 1e-5
