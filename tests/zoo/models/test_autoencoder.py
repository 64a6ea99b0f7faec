import numpy as np
import pytest

import zoo
from zoo.names import UPSAMPLERS


@pytest.mark.parametrize("upsampler", UPSAMPLERS)
def test_sub_models_compose_to_the_whole(upsampler):
    model = zoo.create_model(f"ae_{upsampler}")
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    latent = encoder(images)
    output = model(images).numpy()
    assert latent.shape == (3, 64)
    assert output.shape == (3, 28, 28, 1)
    np.testing.assert_allclose(decoder(latent), output, atol=1e-6)
    assert output.min() >= 0.0
    assert output.max() <= 1.0
    assert np.ptp(output) > 0.0


def test_colour_images_have_a_bottleneck_of_256():
    model = zoo.create_model("ae_subpixel", image_shape=(32, 32, 3))
    assert model.get_layer("encoder").output_shape == (None, 256)
    assert model.output_shape == (None, 32, 32, 3)


def test_a_spatial_bottleneck_keeps_its_numbers_on_the_coarse_grid():
    model = zoo.create_model("ae_subpixel", image_shape=(32, 32, 3), spatial=True, blocks=2)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    assert encoder.output_shape == (None, 256)
    assert encoder.get_layer("code").output.shape == (None, 8, 8, 4)
    assert [layer.name for layer in decoder.layers if layer.name.startswith("block")] == ["block1", "block2"]
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(decoder(encoder(images)), model(images), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (30, 28, 1)}, r"\(30, 28, 1\).*multiples of 4"),
        ({"latent": 0}, "latent 0"),
        ({"filters": -1}, "filters -1"),
        ({"blocks": -1}, "blocks -1"),
        ({"spatial": True}, "latent 64 does not divide by the 7x7 places"),
    ],
)
def test_sizes_that_cannot_be_built_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.create_model("ae_resize", **arguments)
