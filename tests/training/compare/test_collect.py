"""Test what a comparison takes from the folders of its runs."""

import json
import shutil

from training.compare.measure.collect import evaluate_alike
from training.data import open_source
from training.request import resolve
from training.runs.evaluations import Evaluation, read_evaluations
from training.runs.folder import Run


def test_runs_that_were_evaluated_in_several_ways_are_evaluated_anew(finished_run, order, tmp_path, monkeypatch):
    source = open_source(json.loads((finished_run / "config.json").read_text())["source"]["name"])
    runs = {("own/subpixel", seed): Run(tmp_path / str(seed)) for seed in range(2)}
    for run in runs.values():
        shutil.copytree(finished_run, run.path)
    monkeypatch.setattr(
        "training.compare.measure.collect.evaluate",
        lambda *arguments: Evaluation(source.name, "test", f"{arguments[-1].draws} draws", [("0", {"psnr": 1.0})]),
    )

    def protocols():
        return [read_evaluations(run.path)[0]["protocol"] for run in runs.values()]

    training = resolve(order(settings={"likelihood_draws": 7}), source)
    before = protocols()
    evaluate_alike(dict.fromkeys(runs, training), source, runs)
    assert protocols() == before
    (path,) = (tmp_path / "1" / "evaluation").glob("*.json")
    path.write_text(path.read_text().replace(before[0], "of another time"))
    evaluate_alike(dict.fromkeys(runs, training), source, runs)
    assert protocols() == ["7 draws", "7 draws"]
