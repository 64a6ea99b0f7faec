"""Measure the published super-resolution networks in a browser, in WebAssembly, in both forms.

    python -m benchmarks.runtimes                     # first: what the ratios refer to
    python -m benchmarks.runtimes_browser [--models 'sesr*'] [--out results/speed/runtimes.csv]

It needs the packages chromium and chromium-driver of Debian. Each network enlarges a luma picture of 640x360 in the
runtime of `python -m zoo demo`, LiteRT.js, as it is published and as its twin, alternately. One browser may use one
processor, another all of them. The time is that of a run in the worker of the page, with the copies in and out.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np

import zoo
from benchmarks.results import SPEED, write_results
from benchmarks.runtimes import COLUMNS, SIZE, forms_of, published_form
from tests.helpers.browser import BROWSER, DRIVER, browser
from zoo.demo.build import MODELS, built_page
from zoo.demo.server import HOST, create_server
from zoo.formats.litert import litert_runner, to_litert
from zoo.system.files import read_csv

RUNTIME = "wasm"
LARGEST_DIFFERENCE = 1e-4
"""Between the outputs in the browser and in LiteRT on this machine."""
_STEP = 9973
"""Every pixel of this number is compared."""
_Forms = dict[str, tuple[str, np.ndarray]]
"""The file of each form, and the pixels of its output that are compared."""
_MEASURE = """
const [files, height, width, rounds, step] = arguments;
window.measured = null;
(async () => {
  const { Engine } = await import("./engine.js");
  // Each form has a worker of its own, so that neither finds the other one's results in its memory.
  const engines = files.map(() => new Engine());
  const inputs = [Float32Array.from({ length: height * width }, (_, place) => ((place * 7919) % 997) / 997)];
  const times = files.map(() => []);
  const pictures = [];
  for (let round = -2; round < rounds; round++)
    for (const [number, file] of files.entries()) {
      const request = { file, shape: [1, height, width, 1], inputs };
      const { outputs, milliseconds } = await engines[number].call("run", request).done;
      if (round >= 0) times[number].push(milliseconds);
      pictures[number] = outputs[0];
    }
  return { times, samples: pictures.map((each) => [...each.filter((_, place) => place % step === 0)]) };
})().then((found) => (window.measured = found), (error) => (window.measured = { error: String(error) }));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--models", default="*_x[234]_*", help="a pattern of published names")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--out", type=Path, default=SPEED / "runtimes.csv")
    options = parser.parse_args()
    if not (BROWSER and DRIVER):
        raise SystemExit("python -m benchmarks.runtimes_browser: there is no chromium or no chromedriver")
    names = zoo.list_models(options.models, pretrained=True)
    known = read_csv(options.out) if options.out.is_file() else []
    bases = {
        (each["model"], each["threads"]): float(each["milliseconds"])
        for each in known
        if each["runtime"] == "tensorflow" and each["form"] == published_form(each["model"])
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        shutil.copytree(built_page(print), page)
        forms = {name: write_forms(name, page / MODELS, tuple(options.size)) for name in names}
        for processors in sorted({1, os.cpu_count() or 1}):
            times = measured(page, forms, tuple(options.size), options.rounds, processors)
            rows += [
                row(name, form, processors, found, options.rounds, bases.get((name, str(processors))))
                for (name, form), found in times.items()
            ]
    write_results(options.out, rows, kept=lambda row: row["runtime"] != RUNTIME)
    print(f"written to {options.out}")


def write_forms(name: str, folder: Path, size: tuple[int, int]) -> _Forms:
    """Write a network for pictures of one size in both forms, and return the file and the output of each."""
    import tensorflow as tf

    files = {}
    for form, model in forms_of(name).items():
        file, content = f"measured-{name}-{form}.tflite", to_litert(model, [tf.TensorSpec((1, *size, 1))])
        (folder / file).write_bytes(content)
        picture = np.arange(size[0] * size[1]) * 7919 % 997 / np.float32(997)
        (output,) = litert_runner(content, [picture.reshape(1, *size, 1).astype(np.float32)])()
        files[form] = file, output.ravel()[::_STEP]
    return files


def measured(
    page: Path, forms: dict[str, _Forms], size: tuple[int, int], rounds: int, processors: int
) -> dict[tuple[str, str], float]:
    """Return the median milliseconds of each network and form in a browser that may use some processors.

    A form whose output is wrong is left out: the runtime does not notice where it runs out of memory.
    """
    server = create_server(page, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    allowed = os.sched_getaffinity(0)
    medians = {}
    try:
        # The browser takes the processors of the process that starts it, and its runtime as many threads.
        os.sched_setaffinity(0, sorted(allowed)[:processors])
        with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as window:
            for name, files in forms.items():
                # Each network has a page of its own, because the runtime's memory never shrinks.
                window.open(f"http://{HOST}:{server.server_address[1]}/index.html")
                window.run(_MEASURE, [file for file, _ in files.values()], *size, rounds, _STEP)
                found = window.wait_until("return window.measured", seconds=600)
                if "error" in found:
                    raise SystemExit(f"python -m benchmarks.runtimes_browser: {name}: {found['error']}")
                for form, times, sample in zip(files, found["times"], found["samples"], strict=True):
                    difference = np.abs(np.array(sample) - files[form][1]).max()
                    median, place = statistics.median(times), f"{name}, {form}, {processors} processors"
                    if difference < LARGEST_DIFFERENCE:
                        medians[name, form] = median
                        print(f"{place}: {median:.1f} ms", flush=True)
                    else:
                        print(f"{place}: left out, since its output differs by {difference:.2g}", flush=True)
    finally:
        os.sched_setaffinity(0, allowed)
        server.shutdown()
        server.server_close()
    return medians


def row(name: str, form: str, threads: int, milliseconds: float, rounds: int, base: float | None) -> dict[str, Any]:
    """Return one row of the file, whose ratio is to the time of the published form in TensorFlow, if that is known."""
    ratio = f"{milliseconds / base:.3f}" if base else ""
    facts = (name, form, RUNTIME, "float32", threads, f"{milliseconds:.3f}", ratio, "", rounds)
    return dict(zip(COLUMNS, facts, strict=True))


if __name__ == "__main__":
    main()
