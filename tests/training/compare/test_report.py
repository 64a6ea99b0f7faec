import csv
import re
from html.parser import HTMLParser
from importlib import resources

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tests.helpers.comparison_files import write_comparison
from training.compare.report.notes import notes
from training.compare.report.page import SCRIPT, STYLE, TEMPLATE
from training.compare.report.tables import columns
from training.compare.report.verdict import verdict
from training.compare.report.write import write_report
from training.compare.results import records
from training.compare.results.summaries import pair_rows, twin_rows
from zoo.metric_catalogue import metric, ordered


def sentences(folder):
    results = records.read(folder)
    return verdict(results, twin_rows(results), pair_rows(results))


def test_the_verdict_says_no_difference_where_the_interval_covers_zero(comparison):
    answer, quality, spectral, constant, speed = sentences(comparison)
    assert answer.startswith("Take `subpixel`: no other was shown to be better in PSNR, and of `subpixel` and")
    assert "PSNR against `subpixel` shows no difference for `transpose` (+0.000 dB, -0.124 to +0.124)" in quality
    assert "is worse for `resize` (-1.000 dB, -1.248 to -0.752)" in quality
    assert "`subpixel` 0.00 % and 0.00 %, `transpose` 0.40 % and 0.40 %" in spectral
    assert "in grey levels of 255: `transpose` 0.5; `subpixel` and `resize` less than 0.1." in constant
    assert "`resize` is the fastest and `transpose` takes 3.00 times as long" in speed
    assert "under XLA, all take the same time within 5 %" in speed
    assert speed.endswith(" There are no times for LiteRT.")


def test_the_answer_follows_the_time_among_equals(tmp_path):
    times = {"subpixel": 3.0, "transpose": 2.0, "resize": 1.0}
    assert sentences(write_comparison(tmp_path / "a", forward=times))[0].startswith("Take `transpose`")
    close = {"subpixel": 2.0, "transpose": 2.01, "resize": 1.0}
    assert "though by less than 5 %" in sentences(write_comparison(tmp_path / "b", forward=close))[0]


def test_one_seed_gives_no_answer(tmp_path):
    first, quality, *_ = sentences(write_comparison(tmp_path / "one", seeds=1))
    assert first.startswith("One seed (100 steps) cannot tell a difference from chance")
    assert "PSNR against `subpixel` differs by +0.000 dB for `transpose` and -1.000 dB for `resize`" in quality


class Cells(HTMLParser):
    """Numbers of the table by twin and column, and every address of the page."""

    def __init__(self):
        super().__init__()
        self.values, self.addresses, self.row = {}, [], ""

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.row = found.get("data-twin", self.row)
        if "data-column" in found:
            self.values[self.row, found["data-column"]] = found.get("data-value")
        self.addresses += [found[name] for name in ("src", "href") if name in found]


def test_the_table_shows_the_numbers_of_the_files(comparison):
    page = write_report(comparison).read_text()
    cells = Cells()
    cells.feed(page)
    with (comparison / "twins.csv").open() as file:
        rows = {row["twin"]: row for row in csv.DictReader(file)}
    assert len(cells.values) > 20
    for (twin, column), value in cells.values.items():
        assert rows[twin][column] == (value or "")
    assert float(rows["own/resize"]["psnr_mean"]) == pytest.approx(27.1)
    assert float(rows["own/resize"]["psnr_sd"]) == pytest.approx(0.1)
    # 99 % of the way from 13.5 to 27: interpolated between steps 50 and 100, mean over seeds.
    assert 80 < float(rows["own/resize"]["steps_to_common_quality"]) < 100
    assert float(rows["own/transpose"]["steps_to_common_quality"]) < 90
    # One file without a network: every picture is inside, nothing else is asked for.
    assert len(cells.addresses) == 3 + 2 * 7
    assert all(address.startswith("data:image/png;base64,") for address in cells.addresses)
    assert not re.findall(r"https?://", page)
    text = (comparison / "report.md").read_text()
    assert "| subpixel | 28.100 ± 0.100 |" in text
    assert all((comparison / path).is_file() for path in re.findall(r"\]\((.*?\.png)\)", text))


def test_the_page_shows_sentences_as_text_and_names_as_code(tmp_path):
    folder = write_comparison(tmp_path / "ae", source="<script>alert('digits')</script>")
    page = write_report(folder).read_text()
    assert "<li>Take <code>subpixel</code>: no other was shown to be better in PSNR" in page
    assert "&lt;script&gt;alert(&#39;digits&#39;)&lt;/script&gt;" in page
    assert page.count("<script>") == page.count("</script>") == 1


def test_the_files_of_the_page_lie_in_the_package():
    for name, words in [(TEMPLATE, "<!doctype html>"), (STYLE, "--zoom"), (SCRIPT, "aria-sort")]:
        assert words in resources.files("training.compare.report").joinpath(name).read_text()


def test_a_distance_is_reached_from_above(tmp_path):
    results = records.read(write_comparison(tmp_path / "ae"))
    larger = [row["steps_to_common_quality"] for row in twin_rows(results)]
    results.facts["score"] = "eval/frechet"
    for row in results.curves:
        row |= {"tag": "eval/frechet", "value": 100 - row["value"]}
    assert [row["steps_to_common_quality"] for row in twin_rows(results)] == pytest.approx(larger)


def test_a_report_that_is_deleted_comes_back_the_same(comparison):
    write_report(comparison)
    made = ("report.html", "report.md", "twins.csv", "pairs.csv", "plots/quality.png")
    before = {name: (comparison / name).read_bytes() for name in made}
    for name in made:
        (comparison / name).unlink()
    write_report(comparison)
    assert {name: (comparison / name).read_bytes() for name in made} == before


def test_tensorboard_has_shared_tags_and_a_table_of_hyper_parameters(comparison):
    write_report(comparison)
    runs = {path.parent.relative_to(comparison / "tensorboard").as_posix() for path in comparison.rglob("events*")}
    assert runs == {"all"} | {
        f"own/{name}/seed{seed}" for name in ("subpixel", "transpose", "resize") for seed in range(3)
    }
    board = EventAccumulator(str(comparison / "tensorboard/own/resize/seed0"), size_guidance={"tensors": 0})
    board.Reload()
    tags = set(board.Tags()["tensors"])
    assert {"eval/psnr", "after/psnr", "after/constant", "cost/forward_ms", "eval/pictures"} <= tags
    assert [event.step for event in board.Tensors("eval/psnr")] == [0, 50, 100]
    content = board.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert HParamsPluginData.FromString(content).session_start_info.hparams["up-sampler"].string_value == "resize"
    everything = EventAccumulator(str(comparison / "tensorboard/all"), size_guidance={"tensors": 0})
    everything.Reload()
    assert {"compare/quality", "compare/latency", "compare/spectra", "compare/pictures", "verdict"} <= set(
        everything.Tags()["tensors"]
    )


def test_metrics_know_their_order_and_direction():
    assert ordered(["mse", "own", "psnr", "checkerboard", "ssim"]) == ["psnr", "ssim", "mse", "own"]
    assert metric("psnr").larger_is_better
    assert metric("log_likelihood").larger_is_better
    assert not metric("frechet").larger_is_better
    assert not metric("kernel").larger_is_better
    # Samples that no classifier measures have these metrics only.
    assert ordered(["checkerboard", "diversity", "spectral_distance"]) == ["spectral_distance", "diversity"]
    assert not metric("spectral_distance").larger_is_better


def test_the_table_tells_what_pictures_of_the_data_reach_and_leaves_the_rest_to_the_files(comparison):
    results = records.read(comparison)
    results.facts["metrics"] += ["frechet", "frechet_floor", "diversity"]
    reached = {"frechet_mean": 1.25, "frechet_sd": 0.5, "frechet_floor_mean": 0.04}
    rows = [row | reached for row in twin_rows(records.read(comparison))]
    shown = {column.heading: column.text(rows[0]) for column in columns(results, rows)}
    assert shown["Frechet distance (data 0.04)"] == "1.25 ± 0.50"
    assert not {"diversity", "frechet floor"} & set(shown)
    results.facts["measured_pictures"] = 10_000
    assert any("what 10,000 pictures of the data reach;" in note for note in notes(results))


def test_the_metric_that_decides_has_a_column(comparison):
    results = records.read(comparison)
    results.facts["metrics"] = ["spectral_distance", "diversity"]
    rows = [row | {"spectral_distance_mean": 1.25, "spectral_distance_sd": 0.5} for row in twin_rows(results)]
    shown = [column.heading for column in columns(results, rows)]
    assert shown[0] == "spectral distance dB"
    assert "diversity" not in shown
