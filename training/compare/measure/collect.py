"""Measure the runs of a comparison and write the files that its report is made from: one function per file."""

import datetime
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.compare.contest import FAIRNESS, Contest
from training.compare.measure.costs import costs
from training.compare.measure.outputs import Examples, after_training, before_training, load_examples, spectrum_of_data
from training.compare.results import records
from training.data import Source
from training.evaluate import evaluate
from training.request import ResolvedTraining
from training.runs.evaluations import EvaluationOptions, read_evaluations
from training.runs.folder import Run
from training.tasks import kind_of
from training.tasks.kind import Kind
from zoo.metric_catalogue import ordered
from zoo.system.files import read_csv, write_csv, write_json, written_beside
from zoo.system.machine import machine

PICTURES = 6
"""Number of pictures that the report shows of every twin."""
MEASURED = "measured"


def collect(contest: Contest, folder: Path) -> None:
    """Write every file of a comparison but its report; measurements of the same runs are not repeated.

    Args:
        contest: the comparison, whose twins are trained.
        folder: to write to; it is made.
    """
    (folder / MEASURED).mkdir(parents=True, exist_ok=True)
    (folder / records.PICTURES).mkdir(exist_ok=True)
    evaluate_alike(contest.trainings, contest.source, contest.runs)
    kind = kind_of(contest.request.family)
    examples = load_examples(contest.first_seed(contest.twins[0]), contest.source)
    _save_pictures(folder, "target", examples.target.numpy())
    measured = {
        (twin.key, seed): _measured(
            contest.trainings[twin.key, seed], contest.runs[twin.key, seed], examples, folder, twin.slug
        )
        for twin in contest.twins
        for seed in range(contest.request.seeds)
    }
    cost_rows = _write_costs(contest, examples, folder)
    _write_runs(contest, kind, measured, folder)
    curves = _write_curves(contest, folder)
    _write_spectra(contest, measured, examples, folder)
    _write_facts(contest, kind, examples, curves, cost_rows, folder)


def evaluate_alike(
    trainings: Mapping[tuple[str, int], ResolvedTraining], source: Source, runs: Mapping[tuple[str, int], Run]
) -> None:
    """Evaluate all runs again if their protocols differ, as after a change of draws or of published classifiers."""
    if len({_facts(run)["protocol"] for run in runs.values()}) == 1:
        return
    for at, run in runs.items():
        request = trainings[at].request
        options = EvaluationOptions(draws=request.recipe.variational.likelihood_draws)
        evaluation = evaluate(run.saved_model, request.model, source, source.held_out, options)
        evaluation.write(run.path / "evaluation")


def _measured(training: ResolvedTraining, run: Run, examples: Examples, folder: Path, slug: str) -> dict[str, Any]:
    """Return checkerboard and spectrum of a run before and after training; save the first seed's pictures."""
    seed = training.request.seed
    path = folder / MEASURED / f"{slug}-s{seed}.json"
    if path.is_file():
        known: dict[str, Any] = json.loads(path.read_text())
        if known["run"] == str(run.path):
            return known
    moments = {"before": before_training(training, examples), "after": after_training(training, run, examples)}
    if seed == 0:
        untrained = moments["before"].pictures[:PICTURES]
        # Stretch to the output's own range, because an untrained output hardly leaves its mean.
        stretched = (untrained - untrained.min()) / max(float(np.ptp(untrained)), 1e-12)
        _save_pictures(folder, f"{slug}-before", stretched)
        _save_pictures(folder, f"{slug}-after", moments["after"].pictures)
    values = {
        "run": str(run.path),
        "checkerboard": {
            f"{measure}_{when}": value
            for when, moment in moments.items()
            for measure, value in moment.checkerboard.items()
        },
        "spectrum": {when: moment.spectrum.tolist() for when, moment in moments.items()},
    }
    write_json(path, values)
    return values


def _write_costs(contest: Contest, examples: Examples, folder: Path) -> list[records.Row]:
    """Write one row per twin. If one is new all are measured again: only times of one run can be compared."""
    rows = records.read_rows(folder / records.COSTS)
    trainings = {twin.key: contest.first_seed(twin) for twin in contest.twins}
    runs = {key: str(contest.runs[key, 0].path) for key in trainings}
    if {row["twin"]: row["run"] for row in rows} != runs:
        facts = {"load": round(os.getloadavg()[0], 1), **machine()}
        rows = [
            {"twin": key, "run": runs[key], **values, **facts}
            for key, values in costs(trainings, contest.source, examples.training).items()
        ]
    write_csv(folder / records.COSTS, rows)
    return rows


def _write_runs(contest: Contest, kind: Kind, measured: Mapping[tuple[str, int], dict[str, Any]], folder: Path) -> None:
    """Write one row per run: its metrics and its checkerboard."""
    rows = [
        {"twin": key, "seed": seed, "run": str(run.path), **_metrics(run, kind), **measured[key, seed]["checkerboard"]}
        for (key, seed), run in contest.runs.items()
    ]
    write_csv(folder / records.RUN_ROWS, rows)


def _write_curves(contest: Contest, folder: Path) -> list[records.Row]:
    """Write one row per value in the metrics.csv of every run."""
    rows = [row for (key, seed), run in contest.runs.items() for row in _curve(key, seed, run)]
    write_csv(folder / records.CURVES, rows)
    return rows


def _write_spectra(
    contest: Contest, measured: Mapping[tuple[str, int], dict[str, Any]], examples: Examples, folder: Path
) -> None:
    """Write one row per frequency of the first seed's spectra and, where outputs have no targets, of the data's."""
    spectra = {
        (key, when): powers
        for (key, seed), values in measured.items()
        if seed == 0
        for when, powers in values["spectrum"].items()
    }
    of_data = spectrum_of_data(contest.first_seed(contest.twins[0]).request.model, examples)
    if of_data is not None:
        spectra[records.DATA, "after"] = of_data.tolist()
    rows = [
        {"twin": key, "when": when, "frequency": frequency, "power": power}
        for (key, when), powers in spectra.items()
        for frequency, power in zip(np.linspace(0.0, 0.5, len(powers)).tolist(), powers, strict=True)
    ]
    write_csv(folder / records.SPECTRA, rows)


def _write_facts(
    contest: Contest,
    kind: Kind,
    examples: Examples,
    curves: list[records.Row],
    cost_rows: list[records.Row],
    folder: Path,
) -> None:
    """Write the JSON file that says what was compared, where, and with which budget."""
    request, first = contest.request, contest.first_seed(contest.twins[0]).request
    run = contest.runs[contest.twins[0].key, 0]
    config = run.config()
    metrics = list(_metrics(run, kind))
    score = kind.task.score
    if metrics and score not in {row["tag"] for row in curves}:
        # The task's score needs a classifier trained on this source. Without one, use the first metric.
        score = f"eval/{metrics[0]}"
    write_json(
        folder / records.FACTS,
        {
            "name": request.name,
            "kind": request.family.kind,
            "scale": request.scale,
            "period": first.model.period,
            "source": {key: config["source"][key] for key in ("name", "reason", "fingerprint")},
            "split": contest.source.held_out,
            "measured_pictures": _facts(run)["pictures"],
            "steps": first.recipe.steps,
            "batch": first.recipe.batch,
            "seeds": request.seeds,
            "fairness": {name: FAIRNESS[name] for name in dict.fromkeys(twin.fairness for twin in contest.twins)},
            "twins": [asdict(twin) for twin in contest.twins],
            "pairs": [asdict(pair) for pair in contest.pairs],
            "metrics": metrics,
            "score": score,
            "pictures": min(PICTURES, len(examples.target)),
            "machine": {key: cost_rows[0][key] for key in ("processor", "cores", "load", "tensorflow", "keras")},
            "commit": config["commit"],
            "date": datetime.date.today().isoformat(),
        },
    )


def _metrics(run: Run, kind: Kind) -> dict[str, float]:
    """Return the metrics of a run's model on the held-out part of its source, in the order of the catalogue."""
    metrics = _facts(run)["metrics"]
    return {name: metrics[name] for name in ordered(kind.metrics) if name in metrics}


def _facts(run: Run) -> dict[str, Any]:
    """Return the evaluation of a run's model on the held-out part of its source."""
    source = run.config()["source"]["name"]
    return next(facts for facts in read_evaluations(run.path) if facts["source"] == source)


def _curve(key: str, seed: int, run: Run) -> list[records.Row]:
    return [
        {"twin": key, "seed": seed, "step": int(row["step"]), "tag": tag, "value": float(value)}
        for row in read_csv(run.path / "metrics.csv")
        for tag, value in row.items()
        if tag != "step" and value
    ]


def _save_pictures(folder: Path, name: str, pictures: np.ndarray) -> None:
    """Write the first pictures of a batch as PNG files; values outside 0..1 are clipped."""
    from PIL import Image

    for number, picture in enumerate(pictures[:PICTURES]):
        pixels = np.round(np.clip(np.asarray(picture, np.float64), 0.0, 1.0) * 255).astype(np.uint8)
        with written_beside(folder / records.PICTURES / f"{name}-{number}.png") as file:
            Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
