"""Check what the site is built from: links, the pages outside docs/, the reference, and a short README."""

import re
import shutil
import subprocess

import pytest

from scripts import site
from tests.helpers.commands import ROOT
from tests.helpers.pages import PAGES, name_of

BUILDER = ROOT / ".venv-docs" / "bin" / "mkdocs"


def test_the_readme_is_short():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 160


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_to_files_lead_to_files(page):
    text = site.FENCED.sub("", page.read_text())
    for link in site.LINK.finditer(text):
        assert (ROOT / site.resolved(name_of(page), link["target"])).exists(), link["target"]


@pytest.mark.parametrize(
    ("path", "link", "expected"),
    [
        ("README.md", "[a](docs/gpu.md)", "[a](gpu.md)"),
        ("docs/gpu.md", "[a](cluster.md#slurm)", "[a](cluster.md#slurm)"),
        ("docs/gpu.md", "[a](../SECURITY.md)", "[a](security.md)"),
        ("SECURITY.md", "[a](results/robustness/reliability.csv)", "[a](files/results/robustness/reliability.csv)"),
        ("docs/gpu.md", "[a](https://arxiv.org/abs/1609.07009)", "[a](https://arxiv.org/abs/1609.07009)"),
    ],
)
def test_links_are_moved_to_where_the_site_has_their_files(path, link, expected):
    assert site.moved(link, path, site.place_of(path)) == expected


def test_every_page_has_its_place_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    listed = set(re.findall(r"^ +- .*: (\S+\.md)$", text, re.MULTILINE))
    assert listed == {site.place_of(name_of(page)) for page in PAGES}


@pytest.fixture
def builder():
    """Return the program that builds the site, after installing it if need be."""
    if not BUILDER.is_file():
        subprocess.run(["make", "docs-ready"], cwd=ROOT, check=True)
    return BUILDER


@pytest.mark.slow
def test_a_public_name_without_a_docstring_is_found(builder, tmp_path):
    package = tmp_path / "zoo"
    package.mkdir()
    source = '"""Do."""\n__all__ = ["bare", "said"]\ndef bare(): ...\ndef said():\n    "Do."\n'
    (package / "__init__.py").write_text(source)
    (tmp_path / "docs" / "api").mkdir(parents=True)
    (tmp_path / "docs" / "api" / "zoo.md").write_text("::: zoo\n")
    code = "import sys, pathlib; from scripts import site; site.ROOT = pathlib.Path(sys.argv[1])"
    call = [builder.with_name("python"), "-c", f"{code}; print(site.undocumented())", tmp_path]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['zoo.bare']"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(builder, tmp_path):
    build = [builder, "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        loaded = re.findall(r"<(?:script|img|link)[^>]* (?:src|href)=\"?(https?:[^\">]*)", page.read_text())
        assert not loaded, page
    assert (tmp_path / "site" / "files" / "results" / "speed" / "layers.csv").is_file()


@pytest.mark.slow
def test_a_dead_link_stops_the_build(builder, tmp_path):
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns(".git", ".venv*", "saved_models", "site", "runs", "tests", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
    page = copy / "docs" / "gpu.md"
    page.write_text(page.read_text() + "\n[nowhere](no-such-page.md)\n")
    build = [builder, "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no-such-page.md" in done.stderr + done.stdout
