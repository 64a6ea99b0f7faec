import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.pretrained import VerificationError, folders, sha256, verify, walk
from zoo.registry import UnknownNameError
from zoo.sample import sample

PUBLISHED = zoo.list_models(pretrained=True)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one model as published, found through ZOO_SAVED_MODELS under a name of its own."""
    original = folders()[-1]
    entry = json.loads((original / "index.json").read_text())["models"]["ae_subpixel"]
    shutil.copytree(original / "ae_subpixel", tmp_path / "ae_mine")
    (tmp_path / "index.json").write_text(json.dumps({"schema": 1, "models": {"ae_mine": entry}}))
    monkeypatch.setenv("ZOO_SAVED_MODELS", str(tmp_path))
    return tmp_path / "ae_mine"


def of_family(family):
    return [name for name in PUBLISHED if zoo.card(name)["family"] == family]


def test_what_is_published_here():
    expected = {f"ae_{name}" for name in ("subpixel", "transpose", "transpose_2r", "resize")}
    enlarging = {f"{family}_x{scale}_subpixel" for family in ("espcn", "sesr") for scale in (2, 3, 4)}
    enlarging |= {"fsrcnn_x2_transpose", "fsrcnn_x3_subpixel", "fsrcnn_x4_transpose"}
    assert expected | enlarging | {"features", "vae_subpixel", "ae_subpixel.cifar10", "ae_transpose.cifar10"} <= set(
        PUBLISHED
    )


def loaded(name):
    """A published model in both forms, and pictures for it."""
    card = zoo.card(name)
    model = zoo.create_model(name, pretrained=True)
    assert card["name"] == name
    assert card["parameters"] == model.count_params()
    images = np.random.default_rng(0).random((7, *card["input"]["shape"][1:]), np.float32)
    return zoo.load_pretrained(name), model, images


@pytest.mark.parametrize("name", of_family("ae"))
def test_published_autoencoders_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    np.testing.assert_allclose(saved.serve(image=images)["image"], model(images), atol=1e-6)
    latent = saved.encode(image=images)["latent"]
    np.testing.assert_allclose(saved.decode(latent=latent)["image"], model(images), atol=1e-6)
    assert saved.serve(image=images[:1])["image"].shape == (1, *images.shape[1:])


@pytest.mark.parametrize("name", of_family("features"))
def test_published_classifiers_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    served = saved.serve(image=images)
    np.testing.assert_allclose(served["probabilities"], tf.nn.softmax(model(images)), atol=1e-5)
    np.testing.assert_allclose(served["features"], model.get_layer("encoder")(images), atol=1e-4)
    assert saved.serve(image=images[:1])["features"].shape == (1, 128)


@pytest.mark.parametrize("name", of_family("vae"))
def test_published_variational_autoencoders_load_and_give_what_their_weights_give(name):
    saved, model, images = loaded(name)
    np.testing.assert_allclose(saved.serve(image=images)["image"], model(images), atol=1e-6)
    code = saved.encode(image=images)
    for served, expected in zip(
        (code["latent"], code["log_variance"]), model.get_layer("encoder")(images), strict=True
    ):
        np.testing.assert_allclose(served, expected, atol=1e-5)
    np.testing.assert_allclose(saved.decode(latent=code["latent"])["image"], model(images), atol=1e-5)


@pytest.mark.parametrize("name", [*of_family("dcgan"), *of_family("sngan")])
def test_published_generators_load_and_give_what_their_weights_give(name):
    saved, model, latents = loaded(name)
    np.testing.assert_allclose(saved.serve(latent=latents)["image"], model(latents), atol=1e-5)
    drawn = saved.sample(count=tf.constant(5), seed=tf.constant(7, tf.int64))["image"]
    expected = model(tf.random.stateless_normal((5, latents.shape[1]), (7, 0), alg="philox"))
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    assert zoo.card(name)["metrics"]["diversity"]["value"] > 0.7


ENLARGING = [name for name in PUBLISHED if zoo.card(name)["scale"]]
# Luma PSNR of bicubic enlargement.
BICUBIC = {"set5": {2: 33.65, 3: 30.39, 4: 28.42}, "set14": {2: 30.23, 3: 27.54, 4: 26.00}}


@pytest.mark.parametrize("name", ENLARGING)
def test_published_super_resolution_models_give_what_their_weights_give_and_beat_bicubic(name):
    card, model, saved = zoo.card(name), zoo.create_model(name, pretrained=True), zoo.load_pretrained(name)
    assert card["parameters"] == model.count_params()
    low = np.random.default_rng(0).random((2, 9, 7, 1), np.float32)
    expected = np.clip(model(low), 0.0, 1.0)
    np.testing.assert_allclose(saved.serve_luma(image=low)["image"], expected, atol=1e-5)
    reached = {metric["source"]: metric["value"] for key, metric in card["metrics"].items() if key.startswith("psnr_y")}
    assert reached["set5"] > BICUBIC["set5"][card["scale"]] + 1.5
    assert reached["set14"] > BICUBIC["set14"][card["scale"]] + 1.0


@pytest.mark.parametrize("name", PUBLISHED)
def test_cards_hold_the_facts_and_files_are_small(name):
    card = zoo.card(name)
    keys = {
        *("schema", "name", "family", "upsampler", "scale", "model_arguments", "input", "parameters", "multiply_adds"),
        *("source", "split", "command", "seed", "steps", "commit", "metrics", "licence", "citation", "notes"),
    }
    assert keys <= set(card) <= keys | {"legs", "speed"}
    assert set(card["input"]) == {"shape", "range", "multiple_of", "minimum"}
    measured = {"ae": {"psnr", "ssim", "mse"}, "features": {"accuracy", "cross_entropy"}}
    measured |= {"vae": {"elbo", "log_likelihood", "psnr", "ssim", "mse"}}
    measured |= {family: {"psnr_y", "ssim_y", "psnr_rgb"} for family in ("espcn", "fsrcnn", "sesr", "edsr")}
    measured |= {family: {"checkerboard", "diversity", "spectral_distance"} for family in ("dcgan", "sngan")}
    assert measured.get(card["family"], set()) <= set(card["metrics"])
    facts = [set(metric) - {"standard_error"} for metric in card["metrics"].values()]
    assert all(fact == {"value", "source", "protocol"} for fact in facts)
    for estimate in {"elbo", "log_likelihood"} & set(card["metrics"]):
        assert card["metrics"][estimate]["standard_error"] > 0
    assert card["command"].startswith("make train MODEL=")
    assert len(card["commit"].rstrip("+")) == 40
    assert sum(path.stat().st_size for path in walk(verify(name))) < 5_000_000


def test_accuracy_of_the_published_classifiers():
    least = {"features": 0.993, "features.fashion_mnist": 0.92, "features.cifar10": 0.75}
    for name in of_family("features"):
        assert zoo.card(name)["metrics"]["accuracy"]["value"] > least[name]


def test_psnr_of_the_published_models():
    def psnr(name):
        return zoo.card(name)["metrics"]["psnr"]["value"]

    for upsampler in ("subpixel", "transpose", "transpose_2r", "resize"):
        assert psnr(f"ae_{upsampler}") >= 26.0
    # Principal components of the same number, 256, reach 26.5 dB.
    assert psnr("ae_subpixel.cifar10") > 26.5
    assert psnr("ae_transpose.cifar10") > 26.5


def test_zoo_saved_models_comes_first_and_the_rest_is_still_found(copy):
    assert {"ae_mine", *PUBLISHED} <= set(zoo.list_models(pretrained=True))
    assert verify("ae_mine") == copy
    images = tf.zeros((1, 28, 28, 1))
    # A loaded model must be kept in a variable while it is called.
    mine, published = zoo.load_pretrained("ae_mine"), zoo.load_pretrained("ae_subpixel")
    np.testing.assert_array_equal(mine.serve(image=images)["image"], published.serve(image=images)["image"])


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
    """A file of a terabyte that takes no room."""
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
    """TensorFlow, which must not be asked to read anything."""

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


def test_sha256_is_the_standard_one(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_commands(command, copy):
    listed = command("zoo", "list", "ae_*")
    assert listed.stdout.split() == zoo.list_models("ae_*")
    assert "ae_mine" in command("zoo", "list", "--pretrained").stdout.split()
    assert json.loads(command("zoo", "card", "ae_subpixel").stdout) == zoo.card("ae_subpixel")
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


def test_a_plain_tensorflow_process_elsewhere_uses_a_published_model(tmp_path):
    code = f"""
import tensorflow as tf, keras
path = {str(verify("ae_subpixel"))!r}
m = tf.saved_model.load(path)
for batch in (1, 7):
    image = tf.random.uniform((batch, 28, 28, 1), seed=batch)
    out = m.signatures["serving_default"](image=image)["image"]
    latent = m.signatures["encode"](image=image)["latent"]
    assert latent.shape == (batch, 64)
    again = m.signatures["decode"](latent=latent)["image"]
    assert out.shape == image.shape
    tf.debugging.assert_near(out, again, atol=1e-6)
    layer = keras.layers.TFSMLayer(path, call_endpoint="serve")
    tf.debugging.assert_near(layer(image)["image"], out, atol=1e-6)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
