"""Kill a training many times, and compare its result with that of an undisturbed run.

    python -m benchmarks.robustness.chaos [--kills 50] [--model ae_subpixel] [--steps 1500] [--seed 0]
        [--aimed] [--results FILE]

Every process is a real `python -m training train`, killed by SIGKILL at a random moment and started again with the same
command. A fifth of the kills comes after the last step is saved and before the run has its SavedModel. With `--aimed`,
every kill waits until an unfinished file exists: half of the kills for that of a checkpoint, the others for that of the
export, which exists until the export is evaluated. In the end all variables, including the exported ones, must be equal
to the undisturbed run's in every bit, `metrics.csv` must be equal, and no unfinished file may be left. The exit code is
1 if anything differs. The row in results/robustness/reliability.csv counts the kills.
"""

import argparse
import random
import shlex
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
import tensorflow as tf

from benchmarks.robustness.killed_training import Training
from benchmarks.robustness.reliability import RESULTS, Trial, record
from training.data import open_source
from training.runs.checkpoint import Checkpoints

PICTURES = 60
SHARE_AT_THE_END = 0.2
SHARE_AT_THE_END_AIMED = 0.5


def draw_glyphs(folder: Path) -> Path:
    """Write a folder of a few glyphs, so that a process spends most of its time on training."""
    folder.mkdir()
    glyphs = open_source("glyphs").split("train").take(tf.range(PICTURES, dtype=tf.int64))
    for number, glyph in enumerate(glyphs):
        tf.io.write_file(str(folder / f"{number:02d}.png"), tf.io.encode_png(glyph))
    return folder


def undisturbed_seconds(training: Training) -> tuple[float, float]:
    """Let a training run to its end.

    Returns:
        The seconds from its first line of output to its first checkpoint, and from its last checkpoint to its end.

    Raises:
        RuntimeError: the training failed.
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
    """Kill a training some times, then let it end.

    Args:
        training: to kill.
        kills: number of kills.
        lives: seconds that `undisturbed_seconds` returned. A process lives up to twice the first number, and after
            the last step up to the second.
        generator: draws the moments of the kills.
        aimed: kill while a file is being written.

    Returns:
        The number of kills by what the process was doing, and how often a later process began before the newest
        checkpoint.

    Raises:
        RuntimeError: the training ended with a failure, or before the last kill.
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
            raise RuntimeError(f"the training ended by itself after {number} kills: {training.output()}")
        lost += begun < saved
        if number == kills:
            training.wait(lambda: False)
            break
        until = time.monotonic() + generator.uniform(0, 2 * lives[0])
        left = kills - at_the_end - number
        if left > 0:
            # Kill it early enough to leave steps for the remaining kills.
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
            raise RuntimeError(f"the training ended by itself after {number} kills: {training.output()}")
        place = training.kill()
        landed[place] += 1
        print(f"kill {number + 1}/{kills} {place}, begun at step {begun}, saved at {training.step()}", flush=True)
    training.check_end()
    return landed, lost


def differences(one: Path, other: Path) -> list[str]:
    """Return the names of what differs between two finished runs."""
    different = []
    checkpoints = [Checkpoints(run / "checkpoints").load_newest()[0] for run in (one, other)]
    if checkpoints[0] is None or checkpoints[1] is None:
        return ["a last checkpoint that can be read"]
    first, second = checkpoints[0].arrays, checkpoints[1].arrays
    for group in first.keys() | second.keys():
        pairs = zip(first.get(group, []), second.get(group, []), strict=True)
        if not all(a.tobytes() == b.tobytes() for a, b in pairs):
            different.append(f"the variables of {group}")
    exports = [tf.saved_model.load(str(run / "saved_model")) for run in (one, other)]
    pairs = zip(exports[0].variables, exports[1].variables, strict=True)
    if not all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs):
        different.append("the exported variables")
    if (one / "metrics.csv").read_bytes() != (other / "metrics.csv").read_bytes():
        different.append("metrics.csv")
    parts = [str(path) for path in other.rglob(".*.part")]
    return different + [f"unfinished files: {', '.join(parts)}"] * bool(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--model", default="ae_subpixel")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--aimed", action="store_true", help="kill while a file is being written")
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
        different = differences(undisturbed.run, tormented.run)
    for place, count in sorted(landed.items()):
        print(f"{count} kills {place}")
    for name in different:
        print(f"differs: {name}")
    lost = options.kills if different else lost
    what = f"SIGKILL of a training{' while it writes' if options.aimed else ''}, {options.model}"
    command = shlex.join(["python", "-m", "benchmarks.robustness.chaos", *sys.argv[1:]])
    seconds = time.monotonic() - started
    record([Trial(what, options.kills, options.kills - lost, lost, seconds, command)], options.results)
    print(f"{options.kills} kills, {lost} lost, {seconds:.0f} s")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
