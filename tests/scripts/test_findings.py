"""Test the sentences, tables and page that summarise comparisons."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from scripts.comparisons import read_comparisons
from scripts.findings_sentences import in_short
from scripts.findings_tables import checkerboard, equal_cost, layer_and_initialiser, quality, times, which_one
from tests.helpers.comparison_files import write_comparison
from training.compare.plan import Pair
from training.compare.report.write import write_report
from training.compare.results import records
from zoo.system.files import write_json

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(command):
    """`run("--check")`: what `python -m scripts.findings --check` returns."""
    return lambda *arguments: command("scripts.findings", *arguments, folder=ROOT)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write_comparison(folder / "ae" / "mnist", source="mnist")
    write_comparison(folder / "ae" / "glyphs", forward={"subpixel": 1.0, "transpose": 0.9, "resize": 3.0}, apart=True)
    return read_comparisons(folder)


def test_all_comparisons_together_say_which_one_to_take(kept):
    answer, transpose, resize, apart, pattern = in_short(kept)
    assert answer == (
        "Take the fastest up-sampler that no other was shown to be better than: `transpose` for `ae` on glyphs; "
        "`subpixel` for `ae` on MNIST."
    )
    alike = "no difference in quality was shown for `ae` on glyphs and `ae` on MNIST"
    assert f"{alike}. It takes 0.90 to 1.50 times as long in a forward pass" in transpose
    assert "quality is worse for `ae` on glyphs (-1.000 dB) and `ae` on MNIST (-1.000 dB)" in resize
    assert "for `ae` on glyphs the layer alone makes no difference (+0.000 dB) and the initialiser alone" in apart
    assert "before training `subpixel` 0.00, `transpose` 0.40 and `resize` 0.00; after it `subpixel` 0.00" in pattern


def test_the_table_of_the_readme_has_a_row_for_each_up_sampler(kept):
    head, rule, *rows, _, explanation, _, answer = which_one(kept).splitlines()
    # No comparison has measured LiteRT, whose column is left out.
    assert head.count("|") == rule.count("|") == 7
    assert rows == [
        "| `subpixel` | - | 1.00 | 1.00 | 0.00 % | 0.00 % |",
        "| `transpose` | no difference in 2 | 0.90 to 1.50 | 1.00 | 0.40 % | 0.40 % |",
        "| `resize` | worse in 2 | 0.50 to 3.00 | 1.00 | 0.00 % | 0.00 % |",
    ]
    assert explanation.startswith("Ranges over 2 comparisons.")
    assert answer == in_short(kept)[0]


def test_tables_show_differences_with_intervals_and_effects(kept):
    worse = "**-1.000 (-1.248 to -0.752)**; -10.0"
    assert f"| 28.100 ± 0.100 | +0.000 (-0.124 to +0.124); +0.0 | {worse} |" in quality(kept)
    (row,) = layer_and_initialiser(kept).splitlines()[2:]
    assert row.startswith("| `ae` on glyphs, PSNR | +0.000 (")
    (row,) = equal_cost(kept).splitlines()[2:]
    assert row == f"| `ae` on glyphs, PSNR | resize (filters 9) |  | {worse} |"
    assert layer_and_initialiser(kept[1:]) == equal_cost(kept[1:]) == ""
    assert "| `ae` on MNIST | forward | 2.00 ms | 1.50 | 0.50 |" in times(kept)
    assert "| `ae` on MNIST | constant features, grey levels | 0.00 / 0.00 | 10.20 / 0.51 |" in checkerboard(kept)


def only(folder, *upsamplers):
    """Write a comparison of some up-samplers, of which the first is the reference."""
    path = write_comparison(folder) / records.FACTS
    facts = json.loads(path.read_text())
    facts["twins"] = [twin for twin in facts["twins"] if twin["key"].partition("/")[2] in upsamplers]
    first, *others = (f"own/{name}" for name in upsamplers)
    facts["pairs"] = [asdict(Pair("own", first, other, "the whole choice")) for other in others]
    write_json(path, facts)


def test_up_samplers_that_a_comparison_lacks_are_left_out(tmp_path):
    only(tmp_path / "ae" / "first", "transpose", "resize")
    only(tmp_path / "ae" / "second", "subpixel", "transpose")
    without_reference, without_resize = read_comparisons(tmp_path)
    kept = [without_reference, without_resize]
    answer, transpose, pattern = in_short(kept)
    assert answer.startswith("Take the fastest up-sampler that no other was shown to be better than")
    assert transpose.startswith(
        "`transpose` compared with `subpixel`: no difference in quality was shown for `ae` on glyphs. "
        "It takes 1.50 times"
    )
    assert "before training `subpixel` 0.00, `transpose` 0.40 and `resize` 0.00; after it" in pattern
    assert "| `ae` on glyphs | PSNR dB, larger is better |  |  |  |" in quality(kept)
    assert "| 28.100 ± 0.100 | +0.000 (-0.124 to +0.124); +0.0 |  |" in quality(kept)
    lines = checkerboard(kept).splitlines()
    assert "| `ae` on glyphs | constant features, grey levels |  | 10.20 / 0.51 | 0.00 / 0.00 |" in lines
    assert "| `ae` on glyphs | constant features, grey levels | 0.00 / 0.00 | 10.20 / 0.51 |  |" in lines
    assert "| `ae` on glyphs | forward | 2.00 ms | 1.50 |  |" in times(kept)
    assert times([without_reference]) == ""
    assert layer_and_initialiser(kept) == equal_cost(kept) == ""


def test_the_page_says_what_the_kept_results_say(run, tmp_path):
    write_report(write_comparison(tmp_path / "compare" / "ae" / "glyphs"))
    places = ("--results", tmp_path / "results", "--page", tmp_path / "findings.md")
    assert run("--collect", tmp_path / "compare", *places).returncode == 0
    page = (tmp_path / "findings.md").read_text()
    assert "### `ae` on glyphs" in page
    for figure in re.findall(r"\]\((figures/compare/.*?)\)", page):
        assert Image.open(tmp_path / figure).width > 200
    assert "- Take `subpixel`: no other was shown to be better in PSNR" in page
    assert "| resize | 27.100 ± 0.100 |" in page
    assert {path.name for path in (tmp_path / "results" / "ae" / "glyphs").iterdir()} >= {"runs.csv", "pairs.csv"}
    assert run("--check", *places).returncode == 0
    runs = tmp_path / "results" / "ae" / "glyphs" / "runs.csv"
    runs.write_text(runs.read_text().replace("27.0", "26.0"))
    assert run("--check", *places).returncode == 1


def test_the_page_of_the_repository_is_what_its_results_say(run):
    assert run("--check").returncode == 0, "run python -m scripts.findings"
