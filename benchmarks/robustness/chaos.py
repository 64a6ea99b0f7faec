"""Kill a training again and again, and compare what it reaches with a run that nobody disturbed.

    python -m benchmarks.robustness.chaos [--kills 50] [--model ae_subpixel] [--steps 1500] [--seed 0]
        [--aimed] [--results FILE]

Every process is a real `python -m training train`, killed by SIGKILL at a random moment and started again with the same
command. A fifth of the kills comes once the last step is saved, before the run has its SavedModel. With `--aimed` every
kill waits until a half file lies there: one half of them for that of a checkpoint, the other for that of the export,
which is there until what was exported is evaluated. A process is held still before it is killed, so that its files tell
what it was writing. In the end every variable, the exported ones too, has to be bit for bit that of the undisturbed
run, `metrics.csv` has to be equal, and no half file may be left. Exit code 1 where something differs. The row in
results/robustness/reliability.csv counts the kills.
"""

import argparse
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

# The project instead of this folder.
ROOT = Path(__file__).resolve().parents[2]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
import tensorflow as tf

from benchmarks.robustness.reliability import RESULTS, Trial, record
from training.data import open_source
from training.runs.checkpoint import Checkpoints

# Small and saved after every call into TensorFlow, so that each of many short lives makes progress.
SETTINGS = ("batch=8", "model.filters=2", "log_every=10", "evaluations=100", "checkpoint_minutes=1e-6", "export=best")
PICTURES = 60
SHARE_AT_THE_END = 0.2
SHARE_AT_THE_END_AIMED = 0.5


class Training:
    """The same command in one folder, as often as it takes.

    Attributes:
        command: its arguments.
        steps: of the whole training.
        process: the one that runs now.
    """

    def __init__(self, folder: Path, pictures: Path, model: str, steps: int, seed: int) -> None:
        folder.mkdir()
        self.folder, self.steps = folder, steps
        options = ["--model", model, "--data", f"folder:{pictures}", "--steps", str(steps), "--seed", str(seed)]
        self.command = [sys.executable, "-m", "training", "train", *options, "--set", *SETTINGS]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a process; it is ready once it has said where it begins."""
        with (self.folder / "output").open("wb") as output:
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        """What the present process printed so far."""
        return (self.folder / "output").read_text()

    def begun(self) -> int | None:
        """The step that the present process went on from, or None where it has not come so far."""
        found = re.search(r"^(?:resumed .* at step ([0-9]+)|run: .*)\n", self.said(), re.MULTILINE)
        return int(found[1] or 0) if found else None

    def alive(self) -> bool:
        """Whether the present process runs."""
        return self.process is not None and self.process.poll() is None

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something is so, or the process has ended."""
        while self.alive() and not condition():
            time.sleep(0.002)

    def check_end(self) -> None:
        """Raise RuntimeError unless the last process ended well."""
        if self.process is None or self.process.wait():
            raise RuntimeError(f"the training failed: {self.said()}")

    def kill(self) -> str:
        """Kill the present process; returns what it was writing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        place = self.writing()
        self.process.kill()
        self.process.wait()
        return place

    def writing(self) -> str:
        """What half files tell of the present moment."""
        if self.exporting():
            return "in an export or its evaluation"
        if self.writing_checkpoint():
            return "in a checkpoint"
        return "after the last step" if self.step() == self.steps else "in steps and evaluations"

    def writing_checkpoint(self) -> bool:
        """Whether half a checkpoint lies there."""
        return any((self.run / "checkpoints").glob(".*.part"))

    def exporting(self, part: str = "") -> bool:
        """Whether half an export lies there, or that part of it."""
        return (self.run / ".saved_model.part" / part).exists()

    def step(self) -> int:
        """The step of the newest checkpoint."""
        names = [path.name for path in (self.run / "checkpoints").glob("step-*.npz")]
        return max((int(name[5:-4]) for name in names), default=0)

    @property
    def run(self) -> Path:
        """The run's folder, once there is one."""
        return next(iter(self.folder.glob("runs/*/*")), self.folder / "none")


def draw_glyphs(folder: Path) -> Path:
    """A folder of a few glyphs: a process has little to read and to evaluate, and most of its life is training."""
    folder.mkdir()
    glyphs = open_source("glyphs").split("train").take(tf.range(PICTURES, dtype=tf.int64))
    for number, glyph in enumerate(glyphs):
        tf.io.write_file(str(folder / f"{number:02d}.png"), tf.io.encode_png(glyph))
    return folder


def undisturbed_seconds(training: Training) -> tuple[float, float]:
    """Let a training run to its end; seconds from its first word to its first checkpoint, and from its last to the end.

    Raises:
        RuntimeError: it failed.
    """
    training.start()
    times = []
    for condition in (
        lambda: training.begun() is not None,
        training.step,
        lambda: training.step() == training.steps,
        lambda: False,
    ):
        training.wait(condition)
        times.append(time.monotonic())
    training.check_end()
    return times[1] - times[0], times[3] - times[2]


def torment(
    training: Training, kills: int, lives: tuple[float, float], generator: random.Random, aimed: bool
) -> tuple[Counter[str], int]:
    """Kill a training so many times, then let it end; returns where the kills landed and how often it was lost.

    Args:
        training: to kill.
        kills: how often.
        lives: what `undisturbed_seconds` gave: a process lives up to twice the first, at the end up to the second.
        generator: of the moments.
        aimed: kill while something is written.

    Raises:
        RuntimeError: it ended by itself with a failure, or before the last kill.
    """
    at_the_end = round(kills * (SHARE_AT_THE_END_AIMED if aimed else SHARE_AT_THE_END))
    landed: Counter[str] = Counter()
    lost = 0
    for number in range(kills + 1):
        saved = training.step()
        training.start()
        training.wait(lambda: training.begun() is not None)
        begun = training.begun()
        if begun is None:
            raise RuntimeError(f"the training ended by itself after {number} kills: {training.said()}")
        lost += begun < saved
        if number == kills:
            training.wait(lambda: False)
            break
        until = time.monotonic() + generator.uniform(0, 2 * lives[0])
        left = kills - at_the_end - number
        if left > 0:
            # It may not get to its end before its time.
            most = (
                training.steps - (training.steps - saved) * (left - 1) // left - 1 if left > 1 else training.steps - 1
            )
            training.wait(
                lambda until=until, most=most: (
                    training.step() >= most
                    or (time.monotonic() > until and (not aimed or training.writing_checkpoint()))
                )
            )
        else:
            training.wait(lambda: training.exporting() if aimed else training.step() == training.steps)
            until = time.monotonic() + generator.uniform(0, lives[1])
            training.wait(lambda until=until: time.monotonic() > until or training.exporting("assets.extra"))
        if not training.alive():
            raise RuntimeError(f"the training ended by itself after {number} kills: {training.said()}")
        place = training.kill()
        landed[place] += 1
        print(f"kill {number + 1}/{kills} {place}, begun at step {begun}, saved at {training.step()}", flush=True)
    training.check_end()
    return landed, lost


def differences(one: Path, other: Path) -> list[str]:
    """What two finished runs do not share, in words."""
    found = []
    checkpoints = [Checkpoints(run / "checkpoints").load_newest()[0] for run in (one, other)]
    if checkpoints[0] is None or checkpoints[1] is None:
        return ["a last checkpoint that can be read"]
    first, second = checkpoints[0].arrays, checkpoints[1].arrays
    for group in first.keys() | second.keys():
        pairs = zip(first.get(group, []), second.get(group, []), strict=True)
        if not all(a.tobytes() == b.tobytes() for a, b in pairs):
            found.append(f"the variables of {group}")
    exports = [tf.saved_model.load(str(run / "saved_model")) for run in (one, other)]
    pairs = zip(exports[0].variables, exports[1].variables, strict=True)
    if not all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs):
        found.append("the exported variables")
    if (one / "metrics.csv").read_bytes() != (other / "metrics.csv").read_bytes():
        found.append("metrics.csv")
    parts = [str(path) for path in other.rglob(".*.part")]
    return found + [f"half files: {', '.join(parts)}"] * bool(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--model", default="ae_subpixel")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--aimed", action="store_true", help="kill while something is written")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        pictures = draw_glyphs(Path(folder) / "glyphs")
        undisturbed, tormented = (
            Training(Path(folder) / name, pictures, options.model, options.steps, options.seed)
            for name in ("undisturbed", "tormented")
        )
        lives = undisturbed_seconds(undisturbed)
        landed, lost = torment(tormented, options.kills, lives, random.Random(options.seed), options.aimed)
        found = differences(undisturbed.run, tormented.run)
    for place, count in sorted(landed.items()):
        print(f"{count} kills {place}")
    for each in found:
        print(f"differs: {each}")
    lost = options.kills if found else lost
    what = f"SIGKILL of a training{' while it writes' if options.aimed else ''}, {options.model}"
    command = shlex.join(["python", "-m", "benchmarks.robustness.chaos", *sys.argv[1:]])
    seconds = time.monotonic() - started
    record([Trial(what, options.kills, options.kills - lost, lost, seconds, command)], options.results)
    print(f"{options.kills} kills, {lost} lost, {seconds:.0f} s")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
