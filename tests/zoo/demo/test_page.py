import json
import re
from pathlib import Path

import numpy as np

import zoo
from zoo.demo import models
from zoo.demo.catalogue import Catalogue, catalogue
from zoo.demo.models import window_function, write_models
from zoo.demo.server import _HEADERS

_PAGE = Path(models.__file__).parent / "page"


def test_the_catalogue_holds_one_of_each_pair_of_twins() -> None:
    chosen = catalogue()
    assert {"sesr_x2_subpixel", "fsrcnn_x2_transpose", "fsrcnn_x3_subpixel"} <= set(chosen.enlarging)
    assert "fsrcnn_x3_transpose" not in chosen.enlarging
    assert sorted(chosen.autoencoders) == ["ae_resize", "ae_subpixel", "ae_transpose", "ae_transpose_2r"]
    assert {"vae_subpixel", "dcgan_subpixel"} <= set(chosen.generators)


def test_a_window_becomes_what_the_whole_picture_becomes_there() -> None:
    from zoo.network import field_of
    from zoo.upscaling.picture_network import PictureNetwork

    model = zoo.create_model("espcn_x3_subpixel", pretrained=True)
    halo = field_of(model).halo
    picture = np.random.default_rng(0).random((1, 30, 40, 1), np.float32)
    whole = PictureNetwork(model, field_of(model)).enlarge_luma(picture).numpy()
    padded = np.pad(picture, [(0, 0), (halo, halo), (halo, halo), (0, 0)], mode="symmetric")
    window = np.asarray(window_function(model)(padded))[:, 3 * halo : -3 * halo, 3 * halo : -3 * halo]
    np.testing.assert_allclose(np.clip(window, 0, 1), whole, atol=2e-6)


def test_models_are_written_with_what_the_page_has_to_know(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(models, "TILES", (8,))
    said: list[str] = []
    write_models(tmp_path, Catalogue(["espcn_x2_subpixel"], [], []), said.append)
    assert said == ["converting 1 of 2: espcn_x2_subpixel", "converting 2 of 2: features"]
    [facts] = json.loads((tmp_path / "models.json").read_text())["enlarging"]
    assert (facts["scale"], facts["halo"], facts["tiles"]) == (2, 4, [8])
    assert facts["forms"] == {
        "subpixel": ["espcn_x2_subpixel.subpixel.8.tflite"],
        "transpose": ["espcn_x2_subpixel.transpose.8.tflite"],
    }
    for [file] in facts["forms"].values():
        assert (tmp_path / file).read_bytes()[4:8] == b"TFL3"


def test_the_page_has_the_servers_policy_and_loads_nothing_from_elsewhere() -> None:
    page = (_PAGE / "index.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', page)
    # A page cannot say by itself who may frame it.
    assert policy and policy[1] + "; frame-ancestors 'none'" == _HEADERS["Content-Security-Policy"]
    for path in _PAGE.rglob("*"):
        if path.suffix in (".html", ".css", ".js"):
            assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", path.read_text()), path
        if path.suffix == ".html":
            assert "style=" not in page and not re.search(r"\son[a-z]+=", page)


def test_every_script_of_the_page_is_there() -> None:
    for path in _PAGE.glob("*.js"):
        for name in re.findall(r"from \"\./([a-z-]+\.js)\"", path.read_text()):
            assert (_PAGE / name).is_file(), f"{path.name} imports {name}"
    # The first view transfers these files, and not the runtime.
    assert sum(path.stat().st_size for path in _PAGE.rglob("*") if path.is_file()) < 300_000
