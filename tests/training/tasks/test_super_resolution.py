"""The super-resolution task in the one loop: averages, exports, starts from another model."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.helpers.small_requests import interrupted_after
from training.data import open_source
from training.errors import InputError
from training.recipes import recipe_for
from training.reporting import TrainingConsole
from training.request import TrainingRequest
from training.runs.checkpoint import Checkpoints
from training.tasks import task_name
from training.tasks.architecture import Architecture
from training.tasks.create import create_task
from training.train import train
from zoo.arrays import relative_distance
from zoo.models import families, parse_name
from zoo.pretrained.load import CARD

SMALL = {"batch": 4, "patch": 8, "margin": 1, "log_every": 3, "evaluations": 4, "warmup_steps": 2, "average": 0.5}
TINY = {
    "espcn": {"model.filters": 6, "model.narrow": 4},
    "fsrcnn": {"model.d": 6, "model.s": 4, "model.m": 1},
    "sesr": {"model.m": 1, "model.filters": 4, "model.width": 104},
    "edsr": {"model.blocks": 1, "model.filters": 6},
    "span": {"model.blocks": 1, "model.filters": 4, "model.width": 8},
}


@pytest.fixture(scope="module")
def pictures_folder(tmp_path_factory):
    """20 colour pictures of smooth waves, 50 to 70 pixels a side."""
    folder = tmp_path_factory.mktemp("waves")
    generator = np.random.default_rng(0)
    for number in range(20):
        height, width = generator.integers(50, 70, 2)
        y, x = np.mgrid[:height, :width]
        phases = generator.uniform(0.1, 0.9, (3, 3))
        waves = [np.sin(a * x + b * y + 6 * c) for a, b, c in phases]
        Image.fromarray(np.uint8(np.stack(waves, -1) * 110 + 128)).save(folder / f"{number:02d}.png")
    return folder


def small_request(root, source, model="espcn_x2_subpixel", *, steps=12, **options):
    """Return a request for a training of seconds."""
    name = parse_name(model)
    settings = {**SMALL, **TINY[name.family.name], "steps": steps, **options.pop("settings", {})}
    recipe = recipe_for(name.family, f"folder:{source}", settings)
    return TrainingRequest(model=name, recipe=recipe, settings=settings, root=root, **options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, pictures_folder):
    """Finished runs of an ESPCN and a SESR by model name, not to be changed."""
    root = tmp_path_factory.mktemp("finished") / "runs"
    names = ("espcn_x2_subpixel", "sesr_x2_subpixel")
    return {name: train(small_request(root, pictures_folder, name), TrainingConsole()).parent for name in names}


@pytest.fixture
def order(tmp_path, pictures_folder):
    """`order("espcn_x2_subpixel")`: a training of seconds, not begun."""
    return lambda *words, root=tmp_path / "runs", **options: small_request(root, pictures_folder, *words, **options)


@pytest.fixture
def run(order):
    """Train; returns the run's folder."""
    return lambda *words, **options: train(order(*words, **options), TrainingConsole()).parent


def arrays(run):
    return Checkpoints(run / "checkpoints").load_newest()[0].arrays


def test_a_run_leaves_a_model_that_enlarges(finished, pictures_folder):
    folder = finished["espcn_x2_subpixel"]
    card = json.loads((folder / "saved_model" / CARD).read_text())
    assert {"psnr_y", "ssim_y", "psnr_rgb"} <= set(card["metrics"])
    assert card["scale"] == 2
    assert card["input"] == {"shape": [None, None, None, 1], "range": [0.0, 1.0], "multiple_of": 1, "minimum": 1}
    assert card["speed"]["examples_per_second"] > 0
    assert card["speed"]["cores_used"] > 0
    model = tf.saved_model.load(str(folder / "saved_model"))
    # The average is evaluated and exported; with this decay it holds half of the last step's weights.
    for average, weight, exported in zip(
        arrays(folder)["average"], arrays(folder)["network/model"], model.variables, strict=True
    ):
        np.testing.assert_array_equal(average, exported.numpy())
        assert (average != weight).any()
    picture = np.asarray(Image.open(pictures_folder / "00.png"))[None]
    rgb = model.serve(image=tf.constant(picture, tf.float32) / 255.0)["image"].numpy()
    assert rgb.shape == (1, 2 * picture.shape[1], 2 * picture.shape[2], 3)
    in_bytes = model.serve_uint8(image=picture)["image"].numpy()
    # Rounded, not truncated; at a half, rounding of the floats decides.
    assert np.abs(in_bytes - rgb * np.float64(255.0)).max() <= 0.5 + 1e-3
    (encoded,) = model.serve_bytes(image_bytes=[(pictures_folder / "00.png").read_bytes()])["image_bytes"].numpy()
    np.testing.assert_array_equal(tf.io.decode_png(encoded), in_bytes[0])
    grey = model.serve_luma(image=tf.constant(picture[..., :1], tf.float32) / 255.0)["image"].numpy()
    assert grey.min() >= 0
    assert grey.max() <= 1
    for size in ((1, 1), (1, 7)):
        assert model.serve(image=tf.zeros((2, *size, 3)))["image"].shape == (2, 2 * size[0], 2 * size[1], 3)
        assert model.signatures["serving_default"](image=tf.zeros((2, *size, 3)))["image"].shape[0] == 2
    png = (pictures_folder / "00.png").read_bytes()
    for broken in (b"", b"GIF89a", b"no picture at all", png[: len(png) // 2], b"\xff\xd8\xff\xe0nothing"):
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            model.serve_bytes(image_bytes=[broken])
        assert len(error.value.message.split()) > 4


@pytest.mark.slow
def test_a_stopped_run_on_degraded_pictures_goes_on_to_the_same_bits(order, run, tmp_path):
    settings = {"degradation": "photo"}
    whole = run(root=tmp_path / "whole", settings=settings)
    interrupted_after(5, lambda: train(order(settings=settings), TrainingConsole()))
    resumed = run(settings=settings)
    assert (resumed / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()
    for a, b in zip(arrays(whole)["network/model"], arrays(resumed)["network/model"], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"degradation": "photo"}, "degradation=photo is for networks on luma; edsr_x2_subpixel takes 3"),
        ({"shift": 2}, "flip and shift are not for super-resolution"),
        ({"patch": 8, "margin": 4}, "margin=4 leaves nothing of patch=8; it must be below half"),
    ],
)
def test_settings_that_do_not_fit_the_pairs_are_refused(settings, message, order, tmp_path):
    with pytest.raises(InputError, match=message):
        train(order("edsr_x2_subpixel", settings=settings), TrainingConsole())
    assert not (tmp_path / "runs").exists()


def test_the_loss_leaves_out_a_margin_of_the_patches():
    name = parse_name("espcn_x3_subpixel")
    arguments = {"filters": 6, "narrow": 4}
    recipe = recipe_for(name.family, "photos", {"margin": 2, "batch": 4, "warmup_steps": 0})
    task = create_task(Architecture(name, arguments, arguments), recipe)
    generator = np.random.default_rng(0)
    low, high = (generator.integers(0, 256, (4, side, side, 1), np.uint8) for side in (8, 24))
    differences = task.model(low / np.float32(255)).numpy() - high / np.float32(255)
    loss = task.step({"low": tf.constant(low), "image": tf.constant(high)})["train/loss"]
    np.testing.assert_allclose(loss, np.mean(differences[:, 6:-6, 6:-6] ** 2), rtol=1e-4)


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_bits_averages_included(order, run, finished):
    whole = finished["espcn_x2_subpixel"]
    interrupted_after(5, lambda: train(order(), TrainingConsole()))
    resumed = run()
    assert (resumed / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()
    for group, values in arrays(whole).items():
        for a, b in zip(values, arrays(resumed)[group], strict=True):
            np.testing.assert_array_equal(a, b)


def test_sesr_trains_wide_and_is_exported_narrow(finished):
    folder = finished["sesr_x2_subpixel"]
    card = json.loads((folder / "saved_model" / CARD).read_text())
    assert card["model_arguments"]["collapsed"] is True
    wide = sum(value.size for value in arrays(folder)["network/model"])
    assert card["parameters"] < wide / 4
    stored = tf.saved_model.load(str(folder / "saved_model")).variables
    assert sum(int(np.prod(variable.shape)) for variable in stored) == card["parameters"]


@pytest.mark.slow
def test_another_scale_and_a_linear_block_start_from_a_finished_run(run, finished, tmp_path):
    first = finished["sesr_x2_subpixel"]
    options = {"steps": 1, "init": str(first), "settings": {"learning_rate": 1e-12, "average": 0.0}}
    other = run("sesr_x3_subpixel", root=tmp_path / "x3", **options)
    one, three = (tf.saved_model.load(str(folder / "saved_model")).variables for folder in (first, other))
    same = [
        a.shape == b.shape and np.allclose(a.numpy(), b.numpy(), atol=1e-5) for a, b in zip(one, three, strict=True)
    ]
    # All but the head's kernel, whose shape depends on the scale, and its bias, which starts at zero.
    assert same[:-2] == [True] * (len(same) - 2)
    assert same[-2:] == [False, False]
    card = json.loads((other / "saved_model" / CARD).read_text())
    assert [leg["steps"] for leg in card["legs"]] == [12]
    assert card["legs"][0]["command"].startswith("make train MODEL=sesr_x2_subpixel")
    twin = run("sesr_x2_transpose", root=tmp_path / "twin", **options)
    picture = tf.constant(np.random.default_rng(0).random((1, 9, 9, 1), np.float32))
    models = [tf.saved_model.load(str(folder / "saved_model")) for folder in (first, twin)]
    outputs = [model.serve_luma(image=picture)["image"] for model in models]
    np.testing.assert_allclose(*outputs, atol=2e-5)
    with pytest.raises(InputError, match="is a model of family sesr"):
        run("espcn_x2_subpixel", root=tmp_path / "none", init=str(first))
    assert not (tmp_path / "none").exists()


def test_edsr_trains_on_colours(run):
    folder = run("edsr_x4_subpixel", steps=50, settings={"patch": 6, "learning_rate": 1e-2})
    lines = (folder / "metrics.csv").read_text().splitlines()
    losses = [float(line.split(",")[-1]) for line in lines[1:] if not line.endswith(",")]
    assert losses[-1] < 0.8 * losses[0]
    model = tf.saved_model.load(str(folder / "saved_model"))
    assert not hasattr(model, "serve_luma")
    assert model.serve(image=tf.zeros((1, 3, 2, 3)))["image"].shape == (1, 12, 8, 3)


@pytest.mark.parametrize("loss", ["charbonnier", "mean_squared_error", "mean_absolute_error"])
def test_losses_are_their_formulas(loss):
    from training.tasks.super_resolution.task import LOSSES

    generator = np.random.default_rng(0)
    a, b = generator.random((2, 3, 4, 4, 1))
    expected = {
        "charbonnier": np.sqrt((a - b) ** 2 + 1e-6),
        "mean_squared_error": (a - b) ** 2,
        "mean_absolute_error": np.abs(a - b),
    }[loss]
    np.testing.assert_allclose(LOSSES[loss](tf.constant(a), tf.constant(b)), expected.mean((1, 2, 3)), rtol=1e-12)


def test_a_recipe_for_every_family():
    for name in TINY:
        recipe = recipe_for(families()[name])
        assert task_name(families()[name]) == "super_resolution"
        assert recipe.source in ("auto:t91+bsds400|photos", "auto:div2k|photos")
        assert dataclasses.replace(recipe).average > 0


def test_photos_give_pairs_on_a_machine_without_any_set():
    from training.data.batches.patches import super_resolution_pairs

    source = open_source("photos")
    patches, cells = super_resolution_pairs(source, 3, 32, 0)
    pair = patches.examples(tf.range(4, dtype=tf.int64), labels=False)
    assert pair["image"].shape == (4, 96, 96, 1)
    assert pair["low"].shape == (4, 32, 32, 1)
    assert cells.shape[0] % 3 == 0


@pytest.mark.slow
def test_two_devices_reach_the_weights_of_one(command, command_process, tmp_path, pictures_folder):
    reached = {}
    for name, run_command, options in [("one", command, ()), ("mirrored", command_process, ("--devices", "2"))]:
        settings = (
            "batch=4",
            "patch=8",
            "margin=1",
            "model.filters=4",
            "model.narrow=4",
            "average=0.9",
            "log_every=50",
            "evaluations=1",
        )
        given = ("--data", f"folder:{pictures_folder}", "--steps", 100, "--precision", "float64", "--strategy", name)
        done = run_command(
            *("training", "train", "--model", "espcn_x2_subpixel", *given, *options, "--set", *settings),
            folder=tmp_path / name,
        )
        assert done.returncode == 0, done.stderr
        (folder,) = (tmp_path / name / "runs" / "espcn_x2_subpixel").iterdir()
        reached[name] = arrays(folder)
    for group in ("network/model", "average"):
        assert 0 < relative_distance(reached["one"][group], reached["mirrored"][group]) < 1e-8
