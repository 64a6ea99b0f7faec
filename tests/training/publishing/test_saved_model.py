import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from training.errors import InputError
from training.evaluate import evaluate
from training.publishing.card import measured_parts, metric_facts
from training.publishing.publish import publish, published_name, refresh
from training.tasks import reconstruction
from training.tasks.serving import serve_and_decode
from zoo.models import parse_name
from zoo.pretrained.load import CARD, VerificationError, read_index, verify_files
from zoo.system.files import sha256


def test_endpoints_take_named_inputs_and_return_named_outputs(finished_run):
    saved = tf.saved_model.load(str(finished_run / "saved_model"))
    assert set(saved.signatures) == {"serve", "serving_default", "encode", "decode"}
    for batch in (1, 7):
        images = tf.random.uniform((batch, 28, 28, 1), seed=batch)
        latent = saved.encode(image=images)["latent"]
        assert latent.shape == (batch, 64)
        served = saved.signatures["serving_default"](image=images)["image"]
        np.testing.assert_array_equal(saved.serve(image=images)["image"], served)
        np.testing.assert_allclose(saved.decode(latent=latent)["image"], served, atol=1e-6)


def test_weights_are_stored_once(finished_run):
    card = json.loads((finished_run / "saved_model" / CARD).read_text())
    stored = (finished_run / "saved_model" / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert 4 * card["parameters"] <= stored < 4 * card["parameters"] + 10_000


def test_evaluation_counts_every_picture_once_and_stands_on_the_card(finished_run, shapes_folder):
    from training.data import open_source

    source = open_source(f"folder:{shapes_folder}")
    evaluation = evaluate(finished_run / "saved_model", parse_name("ae_subpixel"), source, "test")
    pictures = source.split("test")
    images = pictures.take(tf.range(pictures.count, dtype=tf.int64)).numpy() / 255.0
    saved = tf.saved_model.load(str(finished_run / "saved_model"))
    output = saved.serve(image=tf.constant(images, tf.float32))["image"].numpy()
    errors = ((output - images) ** 2).mean((1, 2, 3))
    assert len(evaluation.rows) == pictures.count
    np.testing.assert_allclose([row["mse"] for _, row in evaluation.rows], errors, rtol=1e-4)
    assert evaluation.means()["psnr"] == pytest.approx(float(np.mean(-10 * np.log10(errors))), rel=1e-5)
    card = json.loads((finished_run / "saved_model" / CARD).read_text())
    assert card["metrics"]["psnr"]["value"] == pytest.approx(evaluation.means()["psnr"], rel=1e-6)
    assert card["metrics"]["psnr"]["source"] == source.name


@pytest.fixture
def run(tmp_path, finished_run):
    """A copy of the finished run that says it was trained on MNIST."""
    folder = tmp_path / "runs" / "ae_subpixel" / "12345678-s0"
    shutil.copytree(finished_run, folder)
    config = json.loads((folder / "config.json").read_text())
    config["source"]["name"] = "mnist"
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_run_is_published_under_its_name_with_its_files_in_the_index(run, tmp_path):
    folder = publish(run, folder=tmp_path / "saved_models")
    assert folder == tmp_path / "saved_models" / "ae_subpixel"
    files = read_index(folder.parent)["ae_subpixel"]["files"]
    assert {"saved_model.pb", "variables/variables.index", CARD.as_posix()} <= set(files)
    assert all(sha256(folder / name) == digest for name, digest in files.items())
    assert {path.name for path in folder.parent.iterdir()} == {"ae_subpixel", "index.json"}


def test_every_evaluation_of_a_run_goes_onto_the_card(run, tmp_path):
    own = json.loads(next((run / "evaluation").glob("*-test.json")).read_text())
    for source, psnr in (("mnist", 20.0), ("elsewhere", 10.0)):
        facts = own | {"source": source, "metrics": {"psnr": psnr}}
        (run / "evaluation" / f"{source}-test.json").write_text(json.dumps(facts))
    publish(run, folder=tmp_path / "saved_models")
    metrics = json.loads((tmp_path / "saved_models" / "ae_subpixel" / CARD).read_text())["metrics"]
    assert (metrics["psnr"]["value"], metrics["psnr"]["source"]) == (20.0, "mnist")
    assert metrics["psnr.elsewhere"]["value"] == 10.0


def test_the_evaluate_command_prints_means_and_writes_a_row_a_picture(finished_run, shapes_folder, command, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    done = command("training", "evaluate", "--model", "run/", "--data", f"folder:{shapes_folder}")
    assert done.returncode == 0, done.stderr
    card = json.loads((finished_run / "saved_model" / CARD).read_text())
    assert f"{card['metrics']['psnr']['value']:.4f}" in done.stdout
    (path,) = (tmp_path / "run" / "evaluation").glob("*.csv")
    assert len(path.read_text().splitlines()) == 1 + 6


def test_a_published_model_is_not_replaced_without_force(run, tmp_path):
    folder = publish(run, folder=tmp_path / "saved_models")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="published already; replace it with FORCE=1"):
        publish(run, folder=tmp_path / "saved_models")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert publish(run, folder=tmp_path / "saved_models", force=True) == folder


def stored_weights(folder):
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("variables/")]
    return {name: reader.get_tensor(name).tobytes() for name in names}


def test_a_published_model_is_exported_anew_with_its_weights_and_its_card(run, tmp_path, monkeypatch):
    folder = publish(run, folder=tmp_path / "saved_models")
    card, weights = (folder / CARD).read_bytes(), stored_weights(folder)
    fewer = replace(reconstruction.KIND, endpoints=lambda model, _: {"serve": serve_and_decode(model)["serve"]})
    monkeypatch.setattr(reconstruction, "KIND", fewer)
    assert refresh("ae_subpixel", folder=folder.parent) == folder
    saved = tf.saved_model.load(str(folder))
    assert set(saved.signatures) == {"serve", "serving_default"}
    assert (folder / CARD).read_bytes() == card
    assert stored_weights(folder) == weights
    assert len(weights) > 10
    verify_files(folder, read_index(folder.parent)["ae_subpixel"]["files"])
    assert {path.name for path in folder.parent.iterdir()} == {"ae_subpixel", "index.json"}


def test_only_what_is_published_and_unchanged_is_exported_anew(run, tmp_path, command):
    done = command("training", "publish", "--refresh", "../ae_subpixel")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "../ae_subpixel is not published in saved_models" in done.stderr
    folder = publish(run, folder=tmp_path / "saved_models")
    (folder / "saved_model.pb").write_bytes(b"another")
    with pytest.raises(VerificationError, match=r"saved_model\.pb differs"):
        refresh("ae_subpixel", folder=folder.parent)


def test_names_of_published_models():
    def name(source):
        return published_name({"model": "ae_subpixel", "source": {"name": source}}, "ae")

    assert name("mnist") == "ae_subpixel"
    assert name("cifar10") == "ae_subpixel.cifar10"
    with pytest.raises(InputError, match="has no name to be published under"):
        name("folder:/some/where")


def test_a_tag_takes_the_place_of_the_source(run, tmp_path):
    config = {"model": "sesr_x2_subpixel", "source": {"name": "openphotos+t91+bsds400"}}
    # The sources of the recipe and of its variant for GPUs both need no tag.
    assert published_name(config, "sesr") == "sesr_x2_subpixel"
    assert published_name(config | {"source": {"name": "t91+bsds400"}}, "sesr") == "sesr_x2_subpixel"
    assert published_name(config | {"source": {"name": "photos"}}, "sesr") == "sesr_x2_subpixel.photos"
    assert published_name(config, "sesr", "photo") == "sesr_x2_subpixel.photo"
    assert published_name(config | {"source": {"name": "folder:/some/where"}}, "sesr", "own") == "sesr_x2_subpixel.own"
    with pytest.raises(InputError, match=r"tag='../x' cannot be part of a name"):
        published_name(config, "sesr", "../x")
    folder = publish(run, tag="photo", folder=tmp_path / "saved_models")
    assert folder.name == json.loads((folder / CARD).read_text())["name"] == "ae_subpixel.photo"
    assert list(read_index(folder.parent)) == ["ae_subpixel.photo"]


def test_metrics_of_degraded_pictures_have_names_of_their_own():
    clean = {"source": "set5", "split": "test", "protocol": "p", "pictures": 5, "metrics": {"psnr_y": 37.0}}
    degraded = clean | {"degradation": "jpeg:40", "metrics": {"psnr_y": 30.0}}
    metrics = metric_facts([clean, degraded, clean | {"source": "set14"}])
    assert list(metrics) == ["psnr_y", "psnr_y.set5.jpeg:40", "psnr_y.set14"]
    assert metrics["psnr_y.set5.jpeg:40"]["degradation"] == "jpeg:40"
    assert measured_parts({"metrics": metrics}) == [
        ("set5", "test", None),
        ("set5", "test", "jpeg:40"),
        ("set14", "test", None),
    ]


def test_models_that_are_too_large_are_refused(run, tmp_path, monkeypatch):
    from training.publishing import publish as module

    assert (module.MODEL_LIMIT, module.TOTAL_LIMIT) == (8_000_000, 90_000_000)
    monkeypatch.setattr(module, "MODEL_LIMIT", 1000)
    with pytest.raises(InputError, match="at most 1,000"):
        publish(run, folder=tmp_path / "saved_models")
    monkeypatch.setattr(module, "MODEL_LIMIT", 8_000_000)
    monkeypatch.setattr(module, "TOTAL_LIMIT", 1000)
    with pytest.raises(InputError, match="it holds at most 1,000: remove a model first"):
        publish(run, folder=tmp_path / "saved_models")
    assert not (tmp_path / "saved_models").exists()


def test_an_unfinished_run_is_not_published(run, tmp_path):
    shutil.rmtree(run / "saved_model")
    with pytest.raises(InputError, match="not finished"):
        publish(run, folder=tmp_path / "saved_models")


@pytest.mark.slow
def test_saved_model_cli_shows_the_endpoints(finished_run):
    tool = Path(sys.executable).with_name("saved_model_cli")
    done = subprocess.run(
        [tool, "show", "--dir", finished_run / "saved_model", "--all"], capture_output=True, text=True, check=True
    )
    for text in ("signature_def['serve']", "signature_def['encode']", "signature_def['decode']", "inputs['image']"):
        assert text in done.stdout


def test_what_is_published_meanwhile_stays_in_the_index(run, tmp_path, monkeypatch):
    folder = tmp_path / "saved_models"

    def another(*_: object) -> None:
        folder.mkdir()
        other = {"files": {"saved_model.pb": "0" * 64}}
        (folder / "index.json").write_text(json.dumps({"schema": 1, "models": {"ae_resize": other}}))

    monkeypatch.setattr("training.publishing.publish._check_size", another)
    publish(run, folder=folder)
    assert list(read_index(folder)) == ["ae_resize", "ae_subpixel"]
