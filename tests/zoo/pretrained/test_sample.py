import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.pretrained.sample import SampleError, contact_sheet, sample
from zoo.system.files import sha256, walk


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Make a folder of published models that holds a DCGAN of a few weights."""
    from training.publishing.saved_model import export

    folder = tmp_path_factory.mktemp("saved_models")
    arguments = {"filters": 2, "latent": 3, "image_shape": [16, 16, 1]}
    model = zoo.create_model("dcgan_subpixel", **arguments)
    weights = [np.random.default_rng(0).uniform(-1.0, 1.0, weight.shape) for weight in model.weights]
    weights = [
        np.abs(value) if "variance" in weight.path else value
        for weight, value in zip(model.weights, weights, strict=True)
    ]
    export("dcgan_subpixel", arguments, weights, folder / "dcgan_subpixel")
    files = {str(path.relative_to(folder / "dcgan_subpixel")): sha256(path) for path in walk(folder / "dcgan_subpixel")}
    (folder / "index.json").write_text(json.dumps({"schema": 1, "models": {"dcgan_subpixel": {"files": files}}}))
    return folder


@pytest.fixture(autouse=True)
def here(published, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(published))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_same_seed_draws_the_same_pictures_in_another_process(command_process, published, here):
    done = command_process(
        *("zoo", "sample", "dcgan_subpixel", "out.png", "--count", 7, "--seed", 11), ZOO_SAVED_MODELS=str(published)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "out.png\n", "")
    pictures = sample("dcgan_subpixel", 7, 11)
    assert (pictures.dtype, pictures.shape) == (np.uint8, (7, 16, 16, 1))
    assert np.ptp(pictures) > 0
    with Image.open(here / "out.png") as image:
        written = np.asarray(image)
    # There are three rows of three with a pixel between them.
    assert written.shape == (3 * 17 - 1, 3 * 17 - 1)
    np.testing.assert_array_equal(written[:16, 17:33], pictures[1, :, :, 0])
    np.testing.assert_array_equal(written[34:, :16], pictures[6, :, :, 0])
    assert not written[34:, 17:].any()
    assert not np.array_equal(sample("dcgan_subpixel", 7, 12), pictures)
    np.testing.assert_allclose(sample("dcgan_subpixel", 3, 11).astype(int), pictures[:3], atol=1)


def test_grids_are_about_square():
    for count, rows, columns in [(1, 1, 1), (2, 1, 2), (5, 2, 3), (64, 8, 8), (65, 8, 9)]:
        picture = contact_sheet(np.full((count, 4, 3, 3), 9, np.uint8))
        assert picture.shape == (rows * 5 - 1, columns * 4 - 1, 3)
        assert int((picture == 9).sum()) == count * 4 * 3 * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dcgan_subpixl", "out.png"), "there is no published model 'dcgan_subpixl' (did you mean dcgan_subpixel"),
        (("ae_subpixel", "out.png"), "ae_subpixel draws no pictures; published models of dcgan, sngan, vae do: "),
        (("sngan_transpose", "out.png"), "its weights are not published"),
        (("dcgan_subpixel", "out.jpg"), "out.jpg: samples are written as PNG; end the name in .png"),
        (("dcgan_subpixel", "nowhere/out.png"), "there is no folder nowhere"),
        (("dcgan_subpixel", "out.png", "--count", "0"), "count=0 must be from 1 to 1,024"),
        (("dcgan_subpixel", "out.png", "--count", "1025"), "count=1025 must be from 1 to 1,024"),
        (("dcgan_subpixel", "out.png", "--seed", "-1"), "seed=-1 must be from 0 to 9223372036854775807"),
        (("dcgan_subpixel", "taken.png"), "taken.png exists; replace it with --force"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(arguments, message, here, capsys):
    (here / "taken.png").write_bytes(b"mine")
    assert main(["sample", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("python -m zoo sample: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["taken.png"]
    assert (here / "taken.png").read_bytes() == b"mine"


def test_force_replaces_a_file(here, capsys):
    (here / "taken.png").write_bytes(b"mine")
    assert main(["sample", "dcgan_subpixel", "taken.png", "--count", "1", "--force"]) == 0
    assert capsys.readouterr().out == "taken.png\n"
    with Image.open(here / "taken.png") as image:
        assert image.size == (16, 16)
    assert [path.name for path in here.iterdir()] == ["taken.png"]


def test_a_count_out_of_range_is_refused_from_python_too():
    with pytest.raises(SampleError, match="count=0"):
        sample("dcgan_subpixel", 0)
