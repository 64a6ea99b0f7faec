"""The literature's protocol: published bicubic rows, and the numbers behind them."""

import csv
import io
import json
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from training.data import open_source
from training.errors import InputError
from training.tasks.super_resolution.degradation import parse_degradation
from training.tasks.super_resolution.evaluation import unseen_part
from training.tasks.super_resolution.protocol import Candidate, bicubic_candidate, measure
from zoo.metrics import super_resolution_metrics

# Rows of papers, and what this protocol gave when it was first measured.
PUBLISHED = {"set5": (33.66, 30.39, 28.42), "set14": (30.24, 27.55, 26.00)}
MEASURED = {"set5": (33.651, 30.388, 28.419), "set14": (30.227, 27.538, 26.001)}


@pytest.mark.skipif("SR_DATA_DIR" not in os.environ, reason="Set5 and Set14 are not at hand: SR_DATA_DIR is not set")
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["set5", "set14"])
def test_bicubic_rows_are_those_of_the_literature(name, scale):
    rows = list(measure(bicubic_candidate(f"bicubic_x{scale}"), open_source(name), "test"))
    assert len(rows) == {"set5": 5, "set14": 14}[name]
    psnr = np.mean([values["psnr_y"] for _, values in rows])
    assert psnr == pytest.approx(PUBLISHED[name][scale - 2], abs=0.02)
    assert psnr == pytest.approx(MEASURED[name][scale - 2], abs=0.002)


def by_hand(picture, scale, quality=None):
    """Luma PSNR of the bicubic enlargement, in NumPy but for the resampling and JPEG."""
    height, width = (size // scale * scale for size in picture.shape[:2])
    picture = picture[:height, :width].astype(np.float64)
    if picture.shape[-1] == 3:
        y = 16 + (65.481 * picture[..., 0] + 128.553 * picture[..., 1] + 24.966 * picture[..., 2]) / 255
        picture = np.floor(y + 0.5)[..., None]
    low = tf.image.resize(picture, (height // scale, width // scale), "bicubic", antialias=True)
    low = np.clip(np.round(low), 0, 255)
    if quality:
        file = io.BytesIO()
        Image.fromarray(low[..., 0].astype(np.uint8)).save(file, "JPEG", quality=quality)
        low = np.asarray(Image.open(file), np.float32)[..., None]
    high = np.clip(np.round(tf.image.resize(low, (height, width), "bicubic")), 0, 255)
    difference = (high - picture)[scale:-scale, scale:-scale]
    return 10 * np.log10(255**2 / np.mean(difference**2))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_photos_are_measured_the_same_way_everywhere(scale):
    source = open_source("photos")
    rows = dict(measure(bicubic_candidate(f"bicubic_x{scale}"), source, "test"))
    expected = [by_hand(picture, scale) for picture in source.pictures("test")]
    # Float32 and float64 may round a pixel in ten thousand to another level.
    np.testing.assert_allclose([values["psnr_y"] for values in rows.values()], expected, atol=2e-3)
    assert all("." in name for name in rows)


def test_a_perfect_enlarger_is_perfect_and_a_shifted_one_is_not():
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    assert super_resolution_metrics(picture, picture, 2)["ssim_y"] == pytest.approx(1.0)
    off = picture.astype(int) + 3
    values = super_resolution_metrics(np.uint8(np.minimum(picture, 252)), np.uint8(np.minimum(off, 255)), 2)
    assert values["psnr_rgb"] == pytest.approx(20 * np.log10(255 / 3), abs=1e-6)
    # The border is not looked at.
    spoilt = picture.copy()
    spoilt[:2], spoilt[-2:], spoilt[:, :2], spoilt[:, -2:] = 0, 0, 0, 0
    assert super_resolution_metrics(picture, spoilt, 2)["ssim_y"] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="larger than that"):
        super_resolution_metrics(picture[:4], picture[:4], 2)


def test_grey_pictures_have_no_colour_metric_and_small_ones_no_ssim():
    nearest = Candidate(2, *[lambda low: low.repeat(2, 0).repeat(2, 1)] * 2)
    grey = np.random.default_rng(0).integers(0, 256, (30, 31, 1), np.uint8)
    assert set(nearest.metrics(grey)) == {"psnr_y", "ssim_y"}
    assert set(nearest.metrics(grey[:12])) == {"psnr_y"}


def test_the_command_measures_a_folder_picture_by_picture(command, command_process, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = np.random.default_rng(0).integers(0, 256, (33, 37, 3), np.uint8)
    Image.fromarray(picture).save(folder / "noise.png")
    Image.fromarray(picture[..., 0]).save(folder / "grey.png")
    done = command_process("training", "evaluate", "--model", "bicubic_x3", "--data", f"folder:{folder}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (table,) = (tmp_path / "runs" / "evaluate").glob("bicubic_x3-*.csv")
    with table.open() as file:
        rows = {row["picture"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"noise.png", "grey.png"}
    assert float(rows["noise.png"]["psnr_y"]) == pytest.approx(by_hand(picture, 3), abs=2e-3)
    assert rows["grey.png"]["psnr_rgb"] == ""
    none = command("training", "evaluate", "--model", "bicubic_x3")
    assert none.returncode == 2
    assert none.stderr.count("\n") == 1
    jpeg = ("training", "evaluate", "--model", "bicubic_x3", "--data", f"folder:{folder}", "--degradation", "jpeg:40")
    assert command(*jpeg).returncode == 0
    (facts,) = (json.loads(path.read_text()) for path in table.parent.glob("*-test-jpeg-40.json"))
    assert facts["degradation"] == "jpeg:40"
    assert "bicubic reduction with antialiasing, then JPEG of quality 40 " in facts["protocol"]
    (table,) = table.parent.glob("*-test-jpeg-40.csv")
    with table.open() as file:
        degraded = {row["picture"]: float(row["psnr_y"]) for row in csv.DictReader(file)}
    assert degraded["noise.png"] == pytest.approx(by_hand(picture, 3, quality=40), abs=2e-3)
    assert degraded["noise.png"] != float(rows["noise.png"]["psnr_y"])


def test_degradations_are_what_they_say():
    picture = np.random.default_rng(0).integers(0, 256, (48, 60, 3), np.uint8)
    plain = parse_degradation(None).applied(picture, 3).astype(float)
    blur = parse_degradation("blur:1.6").applied(picture, 3)
    soft = np.round(ndimage.gaussian_filter(picture.astype(float), (1.6, 1.6, 0), mode="nearest", truncate=6))
    expected = tf.image.resize(soft, (16, 20), "bicubic", antialias=True).numpy()
    assert np.abs(blur - expected).max() <= 1
    assert np.abs(blur - plain).max() > 5
    flat = np.full((300, 300, 1), 120, np.uint8)
    noise = parse_degradation("noise:5").applied(flat, 2).astype(float)
    assert noise.mean() == pytest.approx(120, abs=0.1)
    assert noise.std() == pytest.approx(5, abs=0.1)
    both = parse_degradation("blur:1.6+noise:5+jpeg:40")
    file = io.BytesIO()
    Image.fromarray(parse_degradation("blur:1.6+noise:5").applied(picture, 3)).save(file, "JPEG", quality=40)
    np.testing.assert_array_equal(both.applied(picture, 3), np.asarray(Image.open(file)))
    assert both.words.startswith("a Gaussian blur of 1.6 pixels, then bicubic reduction with antialiasing, then Gauss")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fog:3", "cannot be read at 'fog:3'; it takes blur:DEVIATION .* such as jpeg:40"),
        ("jpeg", "cannot be read at 'jpeg'"),
        ("jpeg:40+blur:2", "cannot be read at 'blur:2'"),
        ("jpeg:40+jpeg:30", "cannot be read at 'jpeg:30'"),
        ("jpeg:0", "jpeg must be a whole number from 1 to 100"),
        ("jpeg:40.5", "jpeg must be a whole number"),
        ("noise:nan", "cannot be read at 'noise:nan'"),
        ("blur:inf", "blur must be from 0.1 to 10"),
    ],
)
def test_a_bad_degradation_says_what_is_allowed(text, message):
    with pytest.raises(InputError, match=message):
        parse_degradation(text)


def test_a_model_is_measured_on_the_whole_only_of_what_it_never_saw(tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        Image.fromarray(np.full((9, 9), number, np.uint8)).save(tmp_path / "pictures" / f"{number}.png")
    source = open_source(f"folder:{tmp_path}/pictures")
    monkeypatch.chdir(tmp_path)
    assert unseen_part(source, {"source": "t91+bsds400"}) == "all"
    for seen in (source.name, "t91+folder:pictures/", "folder:../" + tmp_path.name + "/pictures"):
        assert unseen_part(source, {"source": seen}) == "test"
    assert unseen_part(source, {"source": "t91", "legs": [{"source": "folder:pictures"}]}) == "test"
