"""Check that published models are found, verified and loaded, and every way in which that is refused."""

import gc
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.pretrained.load import VerificationError, folders, verify
from zoo.pretrained.sample import sample
from zoo.registry import UnknownNameError

PUBLISHED = zoo.list_models(pretrained=True)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy a published model under another name into a folder that ZOO_SAVED_MODELS names."""
    original = folders()[-1]
    entry = json.loads((original / "index.json").read_text())["models"]["ae_subpixel"]
    shutil.copytree(original / "ae_subpixel", tmp_path / "ae_mine")
    (tmp_path / "index.json").write_text(json.dumps({"schema": 1, "models": {"ae_mine": entry}}))
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(tmp_path))
    return tmp_path / "ae_mine"


def test_zoo_saved_models_comes_first_and_the_rest_is_still_found(copy):
    assert {"ae_mine", *PUBLISHED} <= set(zoo.list_models(pretrained=True))
    assert verify("ae_mine") == copy
    images = tf.zeros((1, 28, 28, 1))
    mine, published = (zoo.load_pretrained(name).serve(image=images)["image"] for name in ("ae_mine", "ae_subpixel"))
    np.testing.assert_array_equal(mine, published)


def test_a_function_keeps_its_model():
    images = tf.zeros((1, 28, 28, 1))
    encode = zoo.load_pretrained("ae_subpixel").encode
    default = zoo.load_pretrained("ae_subpixel").signatures["serving_default"]
    gc.collect()
    assert encode(image=images)["latent"].shape[0] == 1
    assert default(image=images)["image"].shape == images.shape


def change_byte(folder, at=1000):
    path = folder / "variables" / "variables.data-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def replace_by_link(folder):
    (folder / "saved_model.pb").rename(folder.parent / "elsewhere.pb")
    (folder / "saved_model.pb").symlink_to(folder.parent / "elsewhere.pb")


def replace_folder_by_link(folder):
    (folder / "variables").rename(folder.parent / "elsewhere")
    (folder / "variables").symlink_to(folder.parent / "elsewhere")


def replace_all_by_link(folder):
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def make_enormous(folder):
    """Make a file of a terabyte that takes no space on disk."""
    with (folder / "variables" / "variables.index").open("r+b") as file:
        file.truncate(2**40)


HARMS = [
    (change_byte, r"variables\.data-00000-of-00001 differs"),
    (lambda folder: (folder / "variables" / "variables.index").unlink(), r"variables\.index is missing"),
    (lambda folder: (folder / "assets.extra" / "more.py").write_text("1"), r"more\.py is not in the index"),
    (replace_by_link, r"saved_model\.pb is a link"),
    (lambda folder: (folder / "assets.extra" / "up").symlink_to(".."), r"up is a link"),
    (replace_folder_by_link, r"variables is a link"),
    (replace_all_by_link, r"ae_mine is a link"),
    (make_enormous, r"variables\.index has more than the 2,147,483,648 bytes"),
    (shutil.rmtree, r"card\.json is missing"),
]


@pytest.fixture
def unread(monkeypatch):
    """Fail the test if TensorFlow is asked to read anything."""

    def read(*_, **__):
        raise AssertionError("TensorFlow reads what was not verified")

    monkeypatch.setattr(tf.saved_model, "load", read)
    monkeypatch.setattr(tf.train, "load_checkpoint", read)


@pytest.mark.parametrize(("harm", "message"), HARMS)
def test_a_changed_model_is_refused_before_tensorflow_reads_it(copy, unread, harm, message, capsys, tmp_path):
    harm(copy)
    with pytest.raises(VerificationError, match=message):
        zoo.load_pretrained("ae_mine")
    with pytest.raises(VerificationError, match=message):
        zoo.create_model("ae_mine", pretrained=True)
    assert main(["verify", "ae_mine"]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert said.count("\n") == 1


def replace_card_by_link(folder):
    (folder / "assets.extra").rename(folder.parent / "elsewhere")
    (folder / "assets.extra").symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "assets.extra" / "card.json").write_text("{}"), "differs"),
        (lambda folder: (folder / "assets.extra" / "card.json").unlink(), "missing"),
        (replace_card_by_link, r"assets\.extra is a link"),
        (replace_all_by_link, "ae_mine is a link"),
    ],
)
def test_a_changed_card_is_refused(copy, harm, message, capsys):
    harm(copy)
    with pytest.raises(VerificationError, match=message):
        zoo.card("ae_mine")
    assert main(["card", "ae_mine"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_commands_refuse_a_changed_model_in_a_line(enlarging, unread, tmp_path, monkeypatch, capsys):
    mine = shutil.copytree(enlarging, tmp_path / "published")
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(mine))
    change_byte(mine / "sesr_x2_subpixel", at=10)
    Image.new("RGB", (4, 4)).save(tmp_path / "in.png")
    paths = [str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    assert main(["upscale", *paths, "--model", "sesr_x2_subpixel"]) == 2
    said = capsys.readouterr().err
    assert "variables.data-00000-of-00001 differs" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.png").exists()


NO_NAMES = [
    *("../ae_mine", "ae_mine/", "./ae_mine", "a/b", "/etc", "ae_mine.", "", ".", "..", "a\\b", "..\\ae_mine"),
    *("ae_mine\0", "\0", "ae_mine\n", "ae_subpixel.no such", "~", "*", "x" * 100_000),
]


@pytest.mark.parametrize("name", NO_NAMES, ids=range(len(NO_NAMES)))
def test_names_are_names_and_not_paths(copy, unread, name, capsys, tmp_path):
    for load in (zoo.load_pretrained, zoo.card, lambda name: zoo.create_model(name, pretrained=True), sample):
        with pytest.raises(UnknownNameError, match="no published model"):
            load(name)
    with pytest.raises(UnknownNameError, match="no published model"):
        zoo.upscale(np.zeros((4, 4), np.uint8), name)
    Image.new("L", (4, 4)).save(tmp_path / "in.png")
    picture, out = str(tmp_path / "in.png"), str(tmp_path / "out.png")
    for arguments in (
        ("card", name),
        ("verify", name),
        ("sample", name, out),
        ("upscale", picture, out, "--model", name),
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert "there is no published model" in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out.png").exists()


def test_unknown_names_come_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"did you mean .*ae_subpixel\.cifar10"):
        zoo.load_pretrained("ae_subpixel.cifar01")


def test_a_model_without_published_weights_is_told_from_a_misspelt_name():
    message = "edsr_x4_resize can be built and trained, but its weights are not published; .*list --pretrained"
    with pytest.raises(UnknownNameError, match=message):
        zoo.card("edsr_x4_resize")


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        zoo.create_model("ae_subpixel", pretrained=True, latent=7)


def index_of(**changes):
    files = {"saved_model.pb": "0" * 64, "assets.extra/card.json": "0" * 64} | changes.pop("files", {})
    return json.dumps({"schema": 1, "models": {"ae_mine": {"files": files} | changes}})


BROKEN_INDEXES = [
    *("", "[]", '{"schema": 1}', '{"schema": 99, "models": {}}', "null", "\0", "[" * 100_000, "1" * 10_000),
    *(
        '{"schema": 1, "models": 3}',
        '{"schema": 1, "models": {"ae_mine": 3}}',
        '{"schema": 1, "models": {"ae_mine": {}}}',
    ),
    index_of().replace("ae_mine", "../ae_mine"),
    index_of().replace("ae_mine", ""),
    index_of().replace("saved_model.pb", "other.pb"),
    *(index_of(files={path: "0" * 64}) for path in ("../x", "a/../../x", "/etc/passwd", "//x", "", ".", "a//b", "./a")),
    *(index_of(files={"a": digest}) for digest in (None, 7, "", "0" * 63, "g" * 64, ["0" * 64])),
    index_of() + " " * 2**24,
]


@pytest.mark.parametrize("text", BROKEN_INDEXES, ids=range(len(BROKEN_INDEXES)))
def test_a_broken_index_is_named(tmp_path, monkeypatch, capsys, unread, text):
    (tmp_path / "index.json").write_text(text)
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(tmp_path))
    for call in (lambda: zoo.list_models(pretrained=True), lambda: zoo.load_pretrained("ae_mine")):
        with pytest.raises(VerificationError, match=r"index\.json"):
            call()
    for arguments in (["list", "--pretrained"], ["verify"], ["card", "ae_mine"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_commands(command, copy):
    listed = command("zoo", "list", "ae_*")
    assert listed.stdout.split() == zoo.list_models("ae_*")
    assert "ae_mine" in command("zoo", "list", "--pretrained").stdout.split()
    assert json.loads(command("zoo", "card", "ae_subpixel", "--json").stdout) == zoo.card("ae_subpixel")
    assert command("zoo", "verify", "ae_mine").stdout.startswith("ae_mine: ")
    change_byte(copy)
    for arguments, message in [
        (("verify", "ae_mine"), "differs from the published file"),
        (("card", "ae_subpixl"), "did you mean"),
        (("crad",), "crad"),
    ]:
        done = command("zoo", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
