import importlib.metadata
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder

import zoo
from tests.helpers.commands import ROOT
from zoo.system.version import project_version

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_version_of_a_checkout_is_that_of_its_pyproject():
    assert zoo.__version__ == DECLARED
    assert "__version__" in zoo.__all__
    with pytest.raises(AttributeError, match="'zoo' has no attribute '__versoin__'"):
        zoo.__versoin__  # noqa: B018


@pytest.mark.parametrize(
    "text",
    [
        None,
        '[project]\nname = "another"\nversion = "9.9"\n',
        "[tool.ruff]\nline-length = 120\n",
        '[project]\nname = "subpixel-zoo"\ndynamic = ["version"]\n',
        "not toml",
    ],
)
def test_the_version_of_an_installed_package_is_that_of_its_metadata(tmp_path, monkeypatch, text):
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    monkeypatch.setattr(importlib.metadata, "version", {"subpixel-zoo": "7.8.9"}.__getitem__)
    assert project_version(tmp_path) == "7.8.9"


def test_an_installed_package_knows_its_version_and_loads_no_framework(tmp_path):
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "zoo", site / "zoo", ignore=shutil.ignore_patterns("__pycache__"))
    metadata = site / "subpixel_zoo-7.8.9.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.4\nName: subpixel-zoo\nVersion: 7.8.9\n")
    code = "import sys, zoo; print(zoo.__version__, zoo.__file__, {'tensorflow', 'keras', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"7.8.9 {site / 'zoo' / '__init__.py'} set()\n"


def test_the_citation_and_the_list_of_changes_name_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == DECLARED
    assert f"## {DECLARED}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_wheel_holds_one_package_which_is_typed():
    files = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"zoo/py.typed", "zoo/__init__.py"} <= files
    assert {file.split("/")[0] for file in files} == {"zoo"}
