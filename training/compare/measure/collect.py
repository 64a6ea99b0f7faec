"""Measure the runs of a comparison and write down everything that its report is made from."""

import csv
import datetime
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.compare.plan import FAIRNESS, Pair, Request, Twin
from training.compare.results import records
from training.runs.folder import Run
from zoo.metrics.catalogue import ordered
from zoo.system.files import write_json, written_beside

if TYPE_CHECKING:
    from training.compare.measure.outputs import Examples
    from training.data import Source
    from training.train import Order

SHOWN = 6
"""Pictures that the report shows of every twin."""
MEASURED = "measured"


def collect(
    asked: Request,
    contestants: Sequence[Twin],
    pairs: Sequence[Pair],
    source: "Source",
    runs: Mapping[tuple[str, int], Run],
    folder: Path,
) -> None:
    """Write every file of a comparison but its report. What was measured of the same runs before is not repeated.

    Args:
        asked: the request.
        contestants: the twins.
        pairs: to be told apart.
        source: where the pictures come from.
        runs: finished, by key of the twin and seed.
        folder: to write to; it is made.
    """
    from training.compare.measure.outputs import examples, spectrum_of_data
    from training.tasks import task_class

    (folder / MEASURED).mkdir(parents=True, exist_ok=True)
    (folder / records.PICTURES).mkdir(exist_ok=True)
    orders = {(key, seed): order for key, seed, order in _orders(asked, contestants, source)}
    evaluate_alike(orders, source, runs)
    first = orders[contestants[0].key, 0]
    shown = examples(first, source)
    measured = {
        (twin.key, seed): _measured(orders[twin.key, seed], source, runs[twin.key, seed], shown, folder, twin.slug)
        for twin in contestants
        for seed in range(asked.seeds)
    }
    costs = _costs({twin.key: orders[twin.key, 0] for twin in contestants}, runs, source, shown, folder)
    _save_pictures(folder, "target", shown.target.numpy())

    rows = [
        {"twin": key, "seed": seed, "run": str(run.path), **_evaluation(run), **measured[key, seed]["checkerboard"]}
        for (key, seed), run in runs.items()
    ]
    records.write_rows(folder / records.RUN_ROWS, rows)
    records.write_rows(folder / records.COSTS, costs)
    curves = [row for at, run in runs.items() for row in _curve(*at, run)]
    records.write_rows(folder / records.CURVES, curves)
    spectra = {
        (key, when): powers
        for (key, seed), values in measured.items()
        if seed == 0
        for when, powers in values["spectrum"].items()
    }
    of_data = spectrum_of_data(first.model, shown)
    if of_data is not None:
        spectra[records.DATA, "after"] = of_data.tolist()
    records.write_rows(
        folder / records.SPECTRA,
        [
            {"twin": key, "when": when, "frequency": frequency, "power": power}
            for (key, when), powers in spectra.items()
            for frequency, power in zip(np.linspace(0.0, 0.5, len(powers)).tolist(), powers, strict=True)
        ],
    )
    config = runs[contestants[0].key, 0].config()
    metrics = ordered(_evaluation(runs[contestants[0].key, 0]))
    score = task_class(first.recipe.task).score
    if metrics and score not in {row["tag"] for row in curves}:
        # What samples are told by needs a classifier of the source: not every training of the task has it.
        score = f"eval/{metrics[0]}"
    write_json(
        folder / records.FACTS,
        {
            "name": asked.name,
            "kind": asked.family.kind,
            "scale": asked.scale,
            "period": asked.scale or asked.family.upsampling,
            "source": {key: config["source"][key] for key in ("name", "reason", "fingerprint")},
            "split": source.held_out,
            "measured_pictures": _facts(runs[contestants[0].key, 0])["pictures"],
            "steps": first.recipe.steps,
            "batch": first.recipe.batch,
            "seeds": asked.seeds,
            "fairness": {name: FAIRNESS[name] for name in dict.fromkeys(twin.fairness for twin in contestants)},
            "twins": [asdict(twin) for twin in contestants],
            "pairs": [asdict(pair) for pair in pairs],
            "metrics": metrics,
            "score": score,
            "pictures": min(SHOWN, len(shown.target)),
            "machine": {key: costs[0][key] for key in ("processor", "cores", "load", "tensorflow", "keras")},
            "commit": config["commit"],
            "date": datetime.date.today().isoformat(),
        },
    )


def _orders(asked: Request, contestants: Sequence[Twin], source: "Source") -> Iterator[tuple[str, int, "Order"]]:
    for twin in contestants:
        for seed in range(asked.seeds):
            yield twin.key, seed, asked.order(twin, seed, source.name)


def evaluate_alike(
    orders: Mapping[tuple[str, int], "Order"], source: "Source", runs: Mapping[tuple[str, int], Run]
) -> None:
    """Evaluate all runs anew where some were evaluated otherwise: with more draws, or before there was a classifier."""
    from training.evaluate import evaluate

    if len({_facts(run)["protocol"] for run in runs.values()}) == 1:
        return
    for at, run in runs.items():
        order = orders[at]
        draws = order.recipe.likelihood_draws
        found = evaluate(run.saved_model, order.model, source, source.held_out, draws=draws)
        found.write(run.path / "evaluation")


def _measured(order: "Order", source: "Source", run: Run, shown: "Examples", folder: Path, slug: str) -> dict[str, Any]:
    """Checkerboard and spectrum of a run before and after training; pictures of the first seed are saved."""
    from training.compare.measure.outputs import after_training, before_training

    path = folder / MEASURED / f"{slug}-s{order.seed}.json"
    if path.is_file():
        known: dict[str, Any] = json.loads(path.read_text())
        if known["run"] == str(run.path):
            return known
    moments = {"before": before_training(order, source, shown), "after": after_training(order, source, run, shown)}
    if order.seed == 0:
        fresh = moments["before"].output[:SHOWN]
        # An untrained output hardly leaves its mean: its own range shows what little there is.
        stretched = (fresh - fresh.min()) / max(float(np.ptp(fresh)), 1e-12)
        _save_pictures(folder, f"{slug}-before", stretched)
        _save_pictures(folder, f"{slug}-after", moments["after"].output)
    found = {
        "run": str(run.path),
        "checkerboard": {
            f"{measure}_{when}": value
            for when, moment in moments.items()
            for measure, value in moment.checkerboard.items()
        },
        "spectrum": {when: moment.spectrum.tolist() for when, moment in moments.items()},
    }
    write_json(path, found)
    return found


def _costs(
    orders: Mapping[str, "Order"],
    runs: Mapping[tuple[str, int], Run],
    source: "Source",
    shown: "Examples",
    folder: Path,
) -> list[records.Row]:
    """One row a twin; all are measured anew where one is new, because only times of one run can be compared."""
    from training.compare.measure.costs import costs
    from zoo.system.machine import machine

    rows = records.read_rows(folder / records.COSTS)
    wanted = {key: str(runs[key, 0].path) for key in orders}
    if {row["twin"]: row["run"] for row in rows} == wanted:
        return rows
    facts = {"load": round(os.getloadavg()[0], 1), **machine()}
    return [
        {"twin": key, "run": wanted[key], **values, **facts}
        for key, values in costs(orders, source, shown.training).items()
    ]


def _evaluation(run: Run) -> dict[str, float]:
    """The metrics of a run's model on the held-out part of its source."""
    metrics = _facts(run)["metrics"]
    return {name: metrics[name] for name in ordered(metrics)}


def _facts(run: Run) -> dict[str, Any]:
    """The evaluation of a run's model on the held-out part of its source."""
    from training.runs.evaluations import read_evaluations

    source = run.config()["source"]["name"]
    return next(facts for facts in read_evaluations(run.path) if facts["source"] == source)


def _curve(key: str, seed: int, run: Run) -> list[records.Row]:
    with (run.path / "metrics.csv").open() as file:
        return [
            {"twin": key, "seed": seed, "step": int(row["step"]), "tag": tag, "value": float(value)}
            for row in csv.DictReader(file)
            for tag, value in row.items()
            if tag != "step" and value
        ]


def _save_pictures(folder: Path, name: str, pictures: np.ndarray) -> None:
    """The first pictures of a batch as PNG files; values outside 0..1 are clipped."""
    from PIL import Image

    for number, picture in enumerate(pictures[:SHOWN]):
        whole = np.round(np.clip(np.asarray(picture, np.float64), 0.0, 1.0) * 255).astype(np.uint8)
        with written_beside(folder / records.PICTURES / f"{name}-{number}.png") as file:
            Image.fromarray(whole[..., 0] if whole.shape[-1] == 1 else whole).save(file, "PNG")
