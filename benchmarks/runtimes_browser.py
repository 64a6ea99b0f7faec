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

import zoo
from benchmarks.results import SPEED, write_results
from benchmarks.runtimes import COLUMNS, SIZE, forms_of
from tests.helpers.browser import BROWSER, DRIVER, browser
from zoo.demo.build import MODELS, built_page
from zoo.demo.server import HOST, create_server
from zoo.formats.litert import to_litert
from zoo.system.files import read_csv

RUNTIME = "wasm"
_MEASURE = """
const [files, height, width, rounds] = arguments;
window.measured = null;
(async () => {
  const { Engine } = await import("./engine.js");
  const engine = new Engine();
  const inputs = [Float32Array.from({ length: height * width }, () => Math.random())];
  const times = files.map(() => []);
  for (let round = -2; round < rounds; round++)
    for (const [number, file] of files.entries()) {
      const { milliseconds } = await engine.call("run", { file, shape: [1, height, width, 1], inputs }).done;
      if (round >= 0) times[number].push(milliseconds);
    }
  return { times };
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
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        shutil.copytree(built_page(print), page)
        forms = {name: write_forms(name, page / MODELS, tuple(options.size)) for name in names}
        for processors in sorted({1, os.cpu_count() or 1}):
            times = measured(page, forms, tuple(options.size), options.rounds, processors)
            rows += [
                row(name, form, processors, found, options.rounds, options.out) for (name, form), found in times.items()
            ]
    write_results(options.out, rows, kept=lambda row: row["runtime"] != RUNTIME)
    print(f"written to {options.out}")


def write_forms(name: str, folder: Path, size: tuple[int, int]) -> dict[str, str]:
    """Write a network for pictures of one size in both forms, and return the files by form."""
    import tensorflow as tf

    files = {}
    for form, model in forms_of(name).items():
        files[form] = f"measured-{name}-{form}.tflite"
        (folder / files[form]).write_bytes(to_litert(model, [tf.TensorSpec((1, *size, 1))]))
    return files


def measured(
    page: Path, forms: dict[str, dict[str, str]], size: tuple[int, int], rounds: int, processors: int
) -> dict[tuple[str, str], float]:
    """Return the median milliseconds of each network and form in a browser that may use some processors."""
    server = create_server(page, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    allowed = os.sched_getaffinity(0)
    medians = {}
    try:
        # The browser takes the processors of the process that starts it, and its runtime as many threads.
        os.sched_setaffinity(0, sorted(allowed)[:processors])
        with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as window:
            window.open(f"http://{HOST}:{server.server_address[1]}/index.html")
            for name, files in forms.items():
                window.run(_MEASURE, list(files.values()), *size, rounds)
                found = window.wait_until("return window.measured", seconds=600)
                if "error" in found:
                    raise SystemExit(f"python -m benchmarks.runtimes_browser: {name}: {found['error']}")
                medians |= {
                    (name, form): statistics.median(times) for form, times in zip(files, found["times"], strict=True)
                }
                print(
                    f"{name}, {processors} processors: {[round(medians[name, form], 1) for form in files]} ms",
                    flush=True,
                )
    finally:
        os.sched_setaffinity(0, allowed)
        server.shutdown()
        server.server_close()
    return medians


def row(name: str, form: str, threads: int, milliseconds: float, rounds: int, path: Path) -> dict[str, Any]:
    """Return one row of the file, whose ratio is to the published form in TensorFlow if the file has that."""
    published = zoo.card(name)["upsampler"].split("_")[0]
    known = read_csv(path) if path.is_file() else []
    key = {"model": name, "form": published, "runtime": "tensorflow", "threads": str(threads)}
    base = next((float(each["milliseconds"]) for each in known if key.items() <= each.items()), None)
    ratio = f"{milliseconds / base:.3f}" if base else ""
    facts = (name, form, RUNTIME, "float32", threads, f"{milliseconds:.3f}", ratio, "", rounds)
    return dict(zip(COLUMNS, facts, strict=True))


if __name__ == "__main__":
    main()
