import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo import names, registry
from zoo.models import families
from zoo.network import multiply_adds
from zoo.upsampling import (
    ICNR,
    UPSAMPLERS,
    ResizeConv2D,
    SubpixelConv2D,
    Upsampler,
    converted_weights,
    enlarges,
    register_upsampler,
    subpixel_to_transpose,
    upsampler,
    upsamplers,
)

ROOT = Path(__file__).resolve().parents[3]


def test_names():
    assert UPSAMPLERS == ("subpixel", "transpose", "transpose_2r", "resize")
    assert registry.UPSAMPLERS == UPSAMPLERS
    assert [upsampler(name).name for name in UPSAMPLERS] == list(UPSAMPLERS)
    assert upsampler("resize") == upsampler("resize") != upsampler("transpose")
    assert repr(upsampler("resize")) == "Upsampler(name='resize')"
    with pytest.raises(dataclasses.FrozenInstanceError):
        upsampler("resize").name = "other"


@pytest.mark.parametrize("name", UPSAMPLERS)
@pytest.mark.parametrize("scale", [1, 2, 3, (2, 4)])
def test_all_make_the_same_shape(name, scale):
    rh, rw = (scale, scale) if isinstance(scale, int) else scale
    layer = upsampler(name)(5, 3, scale, activation="relu", name="up")
    y = layer(np.random.default_rng(0).standard_normal((2, 4, 6, 3)).astype(np.float32)).numpy()
    assert y.shape == (2, 4 * rh, 6 * rw, 5)
    assert y.min() == 0 and y.max() > 0
    assert layer.name == "up"


@pytest.mark.parametrize(
    ("name", "kind", "kernel"),
    [
        ("subpixel", SubpixelConv2D, (3, 3, 4, 18)),
        ("transpose", keras.layers.Conv2DTranspose, (9, 9, 2, 4)),
        ("transpose_2r", keras.layers.Conv2DTranspose, (6, 6, 2, 4)),
        ("resize", ResizeConv2D, (3, 3, 4, 2)),
    ],
)
def test_layers_and_kernels(name, kind, kernel):
    layer = upsampler(name)(2, 3, 3, use_bias=False)
    layer.build((None, 5, 5, 4))
    assert type(layer) is kind
    assert layer.kernel.shape == kernel
    assert len(layer.weights) == 1


def test_subpixel_and_transpose_are_twins():
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 4))
    kernel = keras.initializers.HeNormal(seed=1)
    subpixel = upsampler("subpixel")(3, 3, 2, kernel_initializer=kernel, dtype="float64")
    transpose = upsampler("transpose")(3, 3, 2, dtype="float64")
    subpixel.build(x.shape)
    transpose.build(x.shape)
    transpose.set_weights([subpixel_to_transpose(np.asarray(subpixel.kernel), 2), np.zeros(3)])
    y = subpixel(x).numpy()
    assert np.abs(y).max() > 0.1
    np.testing.assert_allclose(transpose(x), y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({}, "GlorotUniform"),
        ({"kernel_initializer": "he_normal"}, "HeNormal"),
        ({"kernel_initializer": ICNR("lecun_normal", 2)}, "LecunNormal"),
    ],
)
def test_subpixel_always_starts_from_icnr(given, drawn):
    initializer = upsampler("subpixel")(3, 3, 2, **given).kernel_initializer
    assert isinstance(initializer, ICNR) and initializer.scale == (2, 2)
    assert type(initializer.initializer).__name__ == drawn


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: upsampler("subpixle"), r"no up-sampler 'subpixle' \(did you mean subpixel"),
        (lambda: upsampler("transpose2r"), r"\(did you mean transpose_2r, transpose"),
        (lambda: upsampler("zzz"), "no up-sampler 'zzz'; choose from subpixel, transpose, transpose_2r, resize"),
        (lambda: upsampler("transpose")(3, 4, 2), r"odd `kernel_size`.* kernel_size=\(4, 4\)"),
        (lambda: upsampler("transpose")(3, (3, 2), 2), r"kernel_size=\(3, 2\)"),
        (lambda: upsampler("transpose_2r")(3, 3, 0), "scale=0"),
    ],
)
def test_errors_name_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_padding_is_not_an_argument(name):
    with pytest.raises(TypeError, match="padding"):
        upsampler(name)(3, 3, 2, padding="valid")


@pytest.mark.parametrize("name", UPSAMPLERS)
def test_the_table_describes_the_layers_that_are_made(name):
    row = upsampler(name)
    layer = row(2, 3, (2, 3))
    assert isinstance(layer, row.layer)
    assert getattr(layer, row.scale_of) == (2, 3)
    assert enlarges(layer) and not enlarges(row(2, 3, 1))
    assert row.note
    if row.exact_twin:
        assert upsampler(row.exact_twin).exact_twin == name
    own = row(2, 3, 2, transpose_kernel=9)
    assert row.takes_transpose_kernel == (own.kernel_size == (9, 9))


def test_layers_that_do_not_enlarge():
    assert not any(map(enlarges, [keras.layers.Conv2D(2, 3), keras.layers.Conv2DTranspose(2, 3)]))


@pytest.mark.parametrize("name", UPSAMPLERS)
@pytest.mark.parametrize("other", UPSAMPLERS)
def test_weights_are_converted_between_exact_twins_and_equal_layers_only(name, other):
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 4))
    source, target = (upsampler(each)(3, 5, 2, dtype="float64") for each in (name, other))
    y = source(x).numpy()
    target(x)
    bias = np.array([1.0, 2.0, 3.0])
    source.bias.assign(bias)
    weights = converted_weights(source, target)
    if name == other or upsampler(name).exact_twin == other:
        target.set_weights(weights)
        np.testing.assert_allclose(target(x), y + bias, rtol=1e-12, atol=1e-12)
    elif type(source) is type(target):
        # Two transposed convolutions share their weights as they are, and the caller compares the shapes.
        assert weights[0].shape == source.kernel.shape != target.kernel.shape
    else:
        assert weights is None


def test_an_upsampler_from_outside_is_a_row_of_the_table(monkeypatch):
    monkeypatch.setattr(names, "_ADDED", [])
    monkeypatch.setattr(registry, "_FAMILIES", families())
    monkeypatch.setattr(upsamplers, "_TABLE", dict(upsamplers._TABLE))

    class Bilinear(ResizeConv2D):
        """Resize bilinearly, then convolve."""

    def make(filters, kernel_size, scale, **layer_kwargs):
        return Bilinear(filters, kernel_size, scale, "bilinear", **layer_kwargs)

    def kernel_map(source, target):
        return source.get_weights() if isinstance(source, ResizeConv2D) else None

    with pytest.raises(ValueError, match=r"up-samplers \['bilinear'\] are not among"):
        registry.family("toy", kind="super-resolution", upsamplers=("bilinear",), scales=(2,))(None)
    register_upsampler(Upsampler("bilinear", make, Bilinear, "a bilinear resize, then Conv2D", kernel_map=kernel_map))

    @registry.family("toy", kind="super-resolution", upsamplers=(*UPSAMPLERS, "bilinear"), scales=(2,))
    def toy(upsampler, *, scale, size=None):
        image = keras.Input((size, size, 1))
        return keras.Model(image, upsampler(1, 3, scale, name="head")(image))

    assert zoo.list_models("toy_x2_bi*") == ["toy_x2_bilinear"]
    assert "espcn_x2_bilinear" not in zoo.list_models()
    model, twin = zoo.create_model("toy_x2_bilinear", size=4), zoo.create_model("toy_x2_resize")
    head = model.get_layer("head")
    assert type(head) is Bilinear and enlarges(head)
    assert multiply_adds(model) == 9 * 8 * 8
    converted = converted_weights(twin.get_layer("head"), head)
    np.testing.assert_array_equal(converted[0], twin.get_layer("head").kernel)
    with pytest.raises(ValueError, match="choose from subpixel, transpose, transpose_2r, resize, bilinear"):
        upsampler("nothing")
    with pytest.raises(ValueError, match="'bilinear' is registered already"):
        register_upsampler(upsampler("bilinear"))


@pytest.mark.parametrize("backend", ["jax", "numpy", "nonsense"])
def test_another_backend_is_refused(backend):
    done = subprocess.run(
        [sys.executable, "-c", "import zoo.upsampling"],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: zoo.upsampling needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow")
