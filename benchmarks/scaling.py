"""Measure what it costs to train in several processes, and under a strategy.

    python -m benchmarks.scaling [--models ae_subpixel espcn_x3_subpixel] [--rounds 15] [--steps 60]

- weak scaling: two processes as one MultiWorker cluster, pinned to a core each, compared with one process pinned to one
  core; every process has the recipe's batch. The efficiency is the ratio of their steps per second. Two independent
  processes show the efficiency that the machine itself allows: cores share caches, memory and the kernel.
- mirrored: MirroredStrategy on one device compared with the default strategy, both on all cores.

All processes live through the whole run and train alternately; the others wait for a line of input meanwhile. Ratios
are medians over rounds of the ratio within a round.
"""

import argparse
import dataclasses
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.results import ROOT, SPEED, write_results
from training.cluster.local_workers import local_clusters
from zoo.system.quiet_tensorflow import start_tensorflow

GOALS = {"efficiency of two processes": 0.85, "mirrored / default": 0.97}


class Trainer:
    """Control a process that trains a model for some steps on request.

    Args:
        model: name.
        strategy: name, as `training.cluster.strategy` has it.
        cores: that the process runs on.
        workers: of its cluster.
        config: its TF_CONFIG, if it is one of several workers.
    """

    def __init__(
        self, model: str, strategy: str, cores: Sequence[int], workers: int = 1, config: str | None = None
    ) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"TF_CONFIG": config} if config else {})
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.scaling",
                "--serve",
                model,
                strategy,
                ",".join(map(str, cores)),
                str(workers),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def start(self, steps: int) -> None:
        """Start training for some steps."""
        assert self._process.stdin
        print(steps, file=self._process.stdin, flush=True)

    def seconds(self) -> float:
        """Wait until the steps are done, and return the seconds that they took."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a trainer ended with exit code {self._process.wait()}")
        return float(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def serve(model: str, strategy: str, cores: str, workers: int) -> None:
    """Train for the number of steps in each line of input, and print the seconds."""
    os.sched_setaffinity(0, set(map(int, cores.split(","))))
    # TensorFlow starts one thread per usable core, so it is imported after the cores are chosen.
    start_tensorflow()
    from training.cluster import create_strategy
    from training.data import open_source
    from training.loop.loop import Loop
    from training.recipes import recipe_for
    from training.tasks.architecture import architecture
    from training.tasks.create import create_task
    from zoo.models import parse_name

    name = parse_name(model)
    recipe = recipe_for(name.family, None, {"steps": 10**6})
    recipe = dataclasses.replace(recipe, batch=workers * recipe.batch)
    source = open_source(recipe.source)
    distribution = create_strategy(strategy)
    with distribution.scope():
        task = create_task(architecture(name, recipe, source.image_shape, source.classes), recipe)
        pictures, validation = task.data(source, recipe, task.model, task.period, 0)
    loop = Loop(task, distribution, pictures, validation, seed=0, run=None)
    for line in sys.stdin:
        started = time.perf_counter()
        loop.advance(int(line))
        print(time.perf_counter() - started, flush=True)


def turn(trainers: Sequence[Trainer], steps: int) -> float:
    """Return the seconds until the last of these trainers is done."""
    for trainer in trainers:
        trainer.start(steps)
    return max(trainer.seconds() for trainer in trainers)


def measured(model: str, rounds: int, steps: int) -> dict[str, list[float]]:
    """Return steps per second of every term in every round. The first round is left out: it includes tracing."""
    cores = sorted(os.sched_getaffinity(0))
    terms = {
        "one process, one core": [Trainer(model, "one", cores[:1])],
        "two processes, a core each": [
            Trainer(model, "multiworker", [core], 2, config)
            for core, config in zip(cores[:2], local_clusters(2), strict=True)
        ],
        "two processes, apart": [Trainer(model, "one", [core]) for core in cores[:2]],
        "default, all cores": [Trainer(model, "one", cores)],
        "mirrored, all cores": [Trainer(model, "mirrored", cores)],
    }
    rates: dict[str, list[float]] = {term: [] for term in terms}
    for _ in range(rounds + 1):
        for term, trainers in terms.items():
            rates[term].append(steps / turn(trainers, steps))
    for trainers in terms.values():
        for trainer in trainers:
            trainer.close()
    return {term: each[1:] for term, each in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--models", nargs="+", default=["ae_subpixel", "espcn_x3_subpixel"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=60, help="steps of each term in a round")
    parser.add_argument("--out", type=Path, default=SPEED / "scaling.csv")
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve[:3], int(options.serve[3]))
        return
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed, a core for each process")

    rows: list[dict[str, object]] = []
    for model in options.models:
        rates = measured(model, options.rounds, options.steps)
        table = Table("term", "value", "goal", title=model)
        for term, each in rates.items():
            rate = statistics.median(each)
            table.add_row(term, f"{rate:.1f} steps/s", "")
            rows.append(
                {"model": model, "rounds": options.rounds, "measure": term, "value": f"{rate:.2f}", "unit": "steps/s"}
            )
        pairs = {
            "efficiency of two processes": ("two processes, a core each", "one process, one core"),
            "two processes apart / one": ("two processes, apart", "one process, one core"),
            "mirrored / default": ("mirrored, all cores", "default, all cores"),
        }
        for measure, (above, below) in pairs.items():
            ratio = statistics.median(a / b for a, b in zip(rates[above], rates[below], strict=True))
            goal = GOALS.get(measure)
            verdict = "" if goal is None else f"at least {goal:.2f}{'' if ratio >= goal else ': MISSED'}"
            table.add_row(measure, f"{ratio:.3f}", verdict)
            rows.append(
                {"model": model, "rounds": options.rounds, "measure": measure, "value": f"{ratio:.3f}", "unit": "ratio"}
            )
        Console().print(table)
    start_tensorflow()
    write_results(options.out, rows)


if __name__ == "__main__":
    main()
