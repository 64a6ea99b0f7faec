"""Compare the numbers, statements and figures of docs/equivalence.md with independent computations."""

import csv
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scripts import worked_example as example
from scripts.checkerboard import CHANNELS, DRAWS, SCALE, STARTS, imbalance
from zoo.upsampling import SubpixelConv2D, resize_to_subpixel

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "equivalence.md").read_text()


def stamped(x, kernel, scale):
    """Return a transposed convolution by its definition: every sample adds its kernel."""
    y = np.zeros([scale * (n - 1) + size for n, size in zip(x.shape, kernel.shape, strict=True)], x.dtype)
    for i, j in np.ndindex(x.shape):
        for s, t in np.ndindex(kernel.shape):
            y[scale * i + s, scale * j + t] += x[i, j] * kernel[s, t]
    return y


@settings(max_examples=30, deadline=None)
@given(
    taps=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    scale=st.integers(1, 3),
    size=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 99),
)
def test_all_forms_are_the_definition_for_odd_and_even_kernels(taps, scale, size, seed):
    draw = np.random.default_rng(seed)
    x = draw.integers(-9, 10, size)
    kernel = draw.integers(-9, 10, [scale * k for k in taps])
    expected = stamped(x, kernel, scale)
    np.testing.assert_array_equal(example.at_high_resolution(x, kernel, scale), expected)
    np.testing.assert_array_equal(example.shuffle(example.at_low_resolution(x, kernel, scale)), expected)


def as_layer(layer, kernel):
    """Return a layer's output on the example's picture."""
    x = example.PICTURE[None, ..., None].astype("float32")
    layer.build(x.shape)
    layer.set_weights([kernel.astype("float32").reshape(layer.kernel.shape), np.zeros(1)])
    return np.asarray(layer(x))[0, ..., 0]


def test_the_worked_example_is_what_layers_compute():
    whole = stamped(example.PICTURE, example.KERNEL, 2)
    assert whole.shape == (10, 10)
    large = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="valid")
    np.testing.assert_array_equal(as_layer(large, example.KERNEL), whole)
    # [a, b, i, j] to the layer's [i, j, 1, channel of phase (a, b)].
    small = SubpixelConv2D(1, 2, 2, padding="same")
    kernel = example.sub_kernels(example.KERNEL, 2).transpose(2, 3, 0, 1)
    np.testing.assert_array_equal(as_layer(small, kernel), whole[2:, 2:])


def test_products_after_up_sampling_are_the_sizes_of_the_kernels():
    rows = re.findall(r"^\| (\d) \| (\d+) to (\d+) \| (\d+) to (\d+) \| (\d+) to (\d+) \|$", PAGE, re.MULTILINE)
    assert [int(row[0]) for row in rows] == [1, 3, 5, 7]
    for row in rows:
        size, *products = map(int, row)
        for scale, before, after in zip((2, 3, 4), products[::2], products[1::2], strict=True):
            assert before == (scale * size) ** 2
            assert after == resize_to_subpixel(np.ones((size, size, 1, 1)), scale).size


def test_same_keeps_the_middle_on_the_grid_only_for_an_odd_kernel():
    same = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same")
    whole = stamped(example.PICTURE, example.KERNEL, 2)
    np.testing.assert_array_equal(as_layer(same, example.KERNEL), whole[1:9, 1:9])

    kernel = np.arange(36).reshape(6, 6)
    same = keras.layers.Conv2DTranspose(1, 6, strides=2, padding="same")
    whole = stamped(example.PICTURE, kernel, 2)
    np.testing.assert_array_equal(as_layer(same, kernel), whole[2:10, 2:10])
    small = SubpixelConv2D(1, 3, 2, padding="same")
    sub_kernels = example.sub_kernels(kernel, 2).transpose(2, 3, 0, 1)
    np.testing.assert_array_equal(as_layer(small, sub_kernels), whole[2:10, 2:10])


def test_the_numbers_on_the_page():
    (block,) = re.findall(r"shuffled, \(1, 8, 8\).*?\n(.*?)\n\n", PAGE, re.DOTALL)
    printed = np.array([[int(value) for value in line.split()] for line in block.splitlines()])
    np.testing.assert_array_equal(printed, stamped(example.PICTURE, example.KERNEL, 2)[2:, 2:])
    assert "largest difference from the deconvolution: 0\n" in PAGE
    # 64 outputs of 16 taps each; 4 maps of 16 outputs of 4 taps each.
    assert f"multiplications: {64 * 16:,} with zeros inserted, {4 * 16 * 4} at low resolution\n" in PAGE


def test_the_code_on_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert "assert" in code
    exec(code, {})


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"{start.layer} {start.weights}")
def test_a_phase_answers_with_the_sum_of_its_taps(start):
    layer = start.make(3)
    layer.build((None, 12, 12, CHANNELS))
    kernel = np.asarray(layer.kernel, "float64")
    if isinstance(layer, SubpixelConv2D):
        sums = kernel.sum((0, 1, 2)).reshape(SCALE**2, 3)
    else:
        dropped = (kernel.shape[0] - SCALE) // 2
        first = [(phase + dropped) % SCALE for phase in range(SCALE)]
        sums = np.array([kernel[a::SCALE, b::SCALE].sum((0, 1, 3)) for a in first for b in first])
    np.testing.assert_allclose(start.phases(3), sums, atol=1e-5)
    middle = start.middle(3)
    np.testing.assert_allclose(middle, np.tile(middle[:SCALE, :SCALE], (4, 4, 1)), atol=1e-6)


def test_what_the_page_says_of_the_checkerboard():
    starts = {f"{start.layer} {start.weights}".replace("`", ""): start.phases(DRAWS) for start in STARTS}
    np.testing.assert_allclose(starts["Conv2DTranspose 3x3/2 equal taps"][:, 0], [4, 2, 2, 1], rtol=1e-6)
    # Mean 2.25, mean square 6.25.
    assert imbalance(starts["Conv2DTranspose 3x3/2 equal taps"]) == pytest.approx((1 - 2.25**2 / 6.25) ** 0.5)
    flat = [name for name, phases in starts.items() if imbalance(phases) < 1e-6]
    even = "Conv2DTranspose 4x4/2 equal taps"
    assert sorted(flat) == ["Conv2DTranspose 3x3/2 bilinear", even, "SubpixelConv2D 3x3 ICNR"]
    random = {name: imbalance(phases) for name, phases in starts.items() if name.endswith("Glorot")}
    assert len(random) == 4
    assert list(random.values()) == pytest.approx([0.75**0.5] * 4, abs=0.03)
    twin, icnr = starts["Conv2DTranspose 6x6/2 Glorot"], starts["SubpixelConv2D 3x3 ICNR"]
    assert icnr.std() / twin.std() == pytest.approx(SCALE, rel=0.1)


def test_what_the_page_says_of_training():
    with (ROOT / "results" / "quality" / "training_equivalence.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for precision in ("float64", "float32"):
        chosen = [row for row in rows if row["precision"] == precision]
        assert [int(row["step"]) for row in chosen] == list(range(501))
        columns[precision] = [np.array([float(row[name]) for row in chosen]) for name in ("distance", "control")]
    (double, double_control), (single, single_control) = columns.values()
    assert double[0] == single[0] == 0
    assert double.max() < 1e-8
    ratio = double_control[150:401] / double[150:401]
    assert 700 < ratio.min() < ratio.max() < 900
    assert double_control[420] / double_control[400] > 1000 > double[420] / double[400]
    assert 8.5 < np.log10(single_control[0] / double_control[0]) < 9.5
    assert single[50] < 1e-4
    assert min(single[100], single_control[100]) > 0.01
    said = re.search(r"Mean loss of the last 100 steps in float32: (-\d\.\d+) and (-\d\.\d+)\.", PAGE)
    losses = [float(said[1]), float(said[2])]
    for name, loss in zip(("loss_subpixel", "loss_transpose"), losses, strict=True):
        assert np.mean([float(row[name]) for row in rows[-100:]]) == pytest.approx(loss, abs=5e-4)
    assert losses[0] == pytest.approx(losses[1], abs=0.01)


def test_the_pictures_are_what_their_command_draws(tmp_path, monkeypatch):
    from scripts import figures_equivalence

    committed = figures_equivalence.FIGURES
    monkeypatch.setattr(figures_equivalence, "FIGURES", tmp_path)
    figures_equivalence.draw()
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(name for name in re.findall(r"\(figures/(.*?\.png)\)", PAGE))
    for name in drawn:
        new, old = (np.asarray(Image.open(folder / name).convert("L"), int) for folder in (tmp_path, committed))
        assert new.shape == old.shape
        # A digit is a few dozen pixels; another processor may round a few differently.
        assert np.count_nonzero(np.abs(new - old) > 64) < 15, f"run make figures: {name} is out of date"
