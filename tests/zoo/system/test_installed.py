"""Check the wheel, and what is said where TensorFlow is missing."""

import ast
import importlib.util
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.system.installed import MissingTensorFlowError, install, missing_dependency

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def without_tensorflow(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tensorflow" else found(name))


@pytest.mark.parametrize(
    "call",
    [
        lambda: zoo.create_model("ae_subpixel"),
        lambda: zoo.load_pretrained("ae_subpixel"),
        lambda: zoo.upscale(np.zeros((2, 2), np.uint8), "bicubic_x2"),
    ],
)
def test_without_tensorflow_the_first_call_that_needs_it_says_what_to_install(call, without_tensorflow):
    with pytest.raises(
        MissingTensorFlowError, match=r"pip install '\.\[cpu\]' in the folder of this project; gpu in place"
    ):
        call()


def test_without_tensorflow_a_command_says_so_in_a_line(without_tensorflow, command, tmp_path):
    done = command("zoo", "sample", "dcgan_subpixel", tmp_path / "digits.png")
    assert done.returncode == 1
    assert done.stderr.startswith("python -m zoo sample: TensorFlow is not installed: pip install")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "given",
    [
        ("training", "train", "--model", "ae_subpixel"),
        ("zoo", "upscale", ROOT / "zoo/demo/page/samples/cat.png", "large.png", "--model", "bicubic_x2"),
    ],
)
def test_a_python_without_the_packages_is_told_in_a_line(given, tmp_path):
    (tmp_path / "rich.py").write_text("raise ModuleNotFoundError('No module', name='rich.console')")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", *map(str, given)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"rich is not installed in {sys.prefix}; start the Python" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_installed_package_is_asked_for_by_its_name(monkeypatch):
    assert install("export") == "pip install '.[export]' in the folder of this project"
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: None)
    assert install("export") == "pip install 'subpixel-zoo[export]'"


def test_a_missing_module_of_the_project_is_a_defect():
    assert missing_dependency(ModuleNotFoundError("No module", name="zoo.nothing")) is None
    assert missing_dependency(ModuleNotFoundError()) is None


def test_messages_name_the_command_that_was_started():
    code = "import sys; sys.argv[0] = '/bin/subpixel-zoo'; from zoo.__main__ import main; main(['card', 'nothing'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("subpixel-zoo card: there is no published model 'nothing'")
    assert done.stderr.endswith("subpixel-zoo list --pretrained lists all\n")


def test_the_version_is_printed(command):
    done = command("zoo", "--version")
    assert (done.returncode, done.stdout) == (0, f"subpixel-zoo {zoo.__version__}\n")


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_models_and_nothing_else(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert {name.split("/")[0] for name in names} == {"zoo", f"subpixel_zoo-{zoo.__version__}.dist-info"}
    assert {"zoo/py.typed", "zoo/saved_models/index.json"} <= set(names)
    entry = (tmp_path / "site" / f"subpixel_zoo-{zoo.__version__}.dist-info" / "entry_points.txt").read_text()
    assert "subpixel-zoo = zoo.__main__:main" in entry
    facts = (tmp_path / "site" / f"subpixel_zoo-{zoo.__version__}.dist-info" / "METADATA").read_text()
    assert facts.startswith("Metadata-Version: 2.4\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    code = "import zoo; print(zoo.__file__, zoo.load_pretrained('ae_subpixel').encode is not None)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path / 'site' / 'zoo' / '__init__.py'} True\n"


def test_what_the_package_imports_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    packages = {line.split(">")[0].split("<")[0] for line in declared}
    modules = {"pillow": "PIL"}
    allowed = {modules.get(name, name) for name in packages} | {"tensorflow", "zoo"} | sys.stdlib_module_names
    # The formats of exports and AVIF without loss have extras of their own, and TensorFlow brings flatbuffers.
    allowed |= {"ai_edge_litert", "flatbuffers", "onnx", "onnxruntime", "pyvips", "tf2onnx"}
    imported = set()
    for path in (ROOT / "zoo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported <= allowed
