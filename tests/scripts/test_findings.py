"""Test the sentences, tables and page that summarise comparisons."""

import itertools
import json
import re
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from scripts.comparisons import read_comparisons
from scripts.findings import PLOTS
from scripts.findings_families import sections, verdict
from scripts.findings_sentences import in_short
from scripts.findings_tables import checkerboard, equal_cost, layer_and_initialiser, quality, times, which_one
from scripts.findings_words import counted, duration
from tests.helpers.comparison_files import write_comparison
from training.compare.plan import Pair
from training.compare.report.write import write_report
from training.compare.results import records
from zoo.system.files import write_csv, write_json

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
        "No up-sampler is the best everywhere. Take `transpose` for `ae` on glyphs; `subpixel` for `ae` on MNIST. "
        "Each is the fastest of those that no other was shown to be better than."
    )
    assert transpose == (
        "`transpose` was not shown to differ from `subpixel` in quality in two comparisons. A forward pass takes "
        "between 0.90 and 1.50 times as long as with `subpixel` and a training step takes as long."
    )
    assert resize.startswith(
        "Of two comparisons, `resize` was worse in two (`ae` on glyphs by 1.00 dB and `ae` on MNIST by 1.00 dB). A "
    )
    assert apart == (
        "Where `transpose` started as the same function as `subpixel`, both ended equally good (`ae` on glyphs), so "
        "that the layer itself makes no difference there. The initial weights of `subpixel` (ICNR) made no difference "
        "that was shown for `ae` on glyphs."
    )
    assert pattern == (
        "Measured as a share of the output's energy, an untrained network has none to speak of with `subpixel`, "
        "`transpose` and `resize` (at most 0.40 %). After training it is at most 0.40 % with any up-sampler."
    )


def test_durations_are_said_as_a_person_would():
    say = partial(duration, what="a step", reference="`subpixel`")
    assert say([0.96, 1.04]) == "a step takes as long as with `subpixel`"
    assert say([1.5, 3.0]) == "a step takes 1.50 to 3.00 times as long as with `subpixel`"
    assert say([2.0]) == "a step takes 2.00 times as long as with `subpixel`"
    assert say([0.5, 2.0]) == "a step takes between 0.50 and 2.00 times as long as with `subpixel`"
    assert say([0.5, 0.75]) == "a step takes 0.50 to 0.75 times as long as with `subpixel`"
    assert [counted(1, "seed"), counted(12, "seed"), counted(1300, "seed")] == [
        "one seed",
        "twelve seeds",
        "1,300 seeds",
    ]


def test_a_family_has_an_answer_for_each_data_set_and_one_table(kept):
    glyphs, mnist = kept
    assert verdict(mnist) == (
        "**MNIST: take `subpixel`.** After 100 steps with three seeds, neither `subpixel` nor `transpose` was shown "
        "to be better in PSNR than the other, and `subpixel` is the fastest. `resize` loses 1.00 dB to `subpixel`. A "
        "forward pass takes 2.0 ms, 1.5 times as long with `transpose`, and 0.50 times as long with `resize`."
    )
    assert verdict(glyphs).startswith("**glyphs: take `transpose`.** ")
    heading, _, first, _, second, _, table = sections(kept)
    assert heading == "### `ae`, an autoencoder"
    assert (first, second) == (verdict(glyphs), verdict(mnist))
    rows = table.splitlines()[2:]
    assert len(rows) == 6
    assert rows[-1] == "| MNIST | `resize` | 27.100 ± 0.100 | **-1.000 (-1.248 to -0.752)** | 1.0 | 9.0 | 0.00 / 0.00 |"


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
    assert answer.startswith("No up-sampler is the best everywhere. Take `")
    assert transpose.startswith(
        "`transpose` was not shown to differ from `subpixel` in quality in the one comparison of"
    )
    assert "takes 1.50 times as long as with `subpixel`" in transpose
    assert "with `subpixel`, `transpose` and `resize` (at most 0.40 %)" in pattern
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
    pages = [(tmp_path / name).read_text() for name in ("findings.md", "findings-details.md")]
    figures = [re.findall(r"\]\((figures/.*?)\)", page) for page in pages]
    assert [len(names) for names in figures] == [4, 4]  # there is no comparison from the same function
    for figure in itertools.chain(*figures):
        assert Image.open(tmp_path / figure).width > 200
    assert "\n**glyphs: take `subpixel`.** " in pages[0]
    assert "### `ae` on glyphs" in pages[1]
    assert "- Take `subpixel`: no other was shown to be better in PSNR" in pages[1]
    assert "| resize | 27.100 ± 0.100 |" in pages[1]
    assert {path.name for path in (tmp_path / "results" / "ae" / "glyphs").iterdir()} >= {"runs.csv", "pairs.csv"}
    assert run("--check", *places).returncode == 0
    runs = tmp_path / "results" / "ae" / "glyphs" / "runs.csv"
    runs.write_text(runs.read_text().replace("27.0", "26.0"))
    assert run("--check", *places).returncode == 1


def test_the_page_of_the_repository_is_what_its_results_say(run):
    assert run("--check").returncode == 0, "run python -m scripts.findings"
    for figure in (ROOT / "docs" / "figures" / "findings").glob("*.png"):
        assert figure.stat().st_size < 300_000
        assert figure.stem in PLOTS


def test_times_of_a_gpu_are_a_column_beside_those_of_the_processor(tmp_path):
    write_comparison(tmp_path / "ae" / "mnist", source="mnist")
    rows = [
        {"networks": "ae", "source": "mnist", "upsampler": name, "xla": xla, "forward_ms": time, "processor": "GPU 1"}
        for xla, times in ((True, (2, 3, 4)), (False, (5, 5, 5)))
        for name, time in zip(("subpixel", "transpose", "resize"), times, strict=True)
    ]
    write_csv(tmp_path / "gpu.csv", rows)
    head, _, *lines = which_one(read_comparisons(tmp_path, tmp_path / "gpu.csv")).splitlines()
    place = [cell.strip() for cell in head.split("|")].index("forward time, GPU")
    assert [line.split("|")[place].strip() for line in lines[:3]] == ["1.00", "1.50", "2.00"]
    assert "On the GPU, GPU 1, networks run under XLA" in lines[4]
