"""Make the tables of docs/serving.md and docs/runtimes.md from results/speed/."""

from collections.abc import Callable
from pathlib import Path

from scripts.findings_words import between
from scripts.markdown import table
from zoo.system.files import read_csv

SPEED = Path(__file__).resolve().parents[1] / "results" / "speed"


def serving(path: Path = SPEED / "serving.csv") -> str:
    """Return the rate and latency of the server under load and of a bare loop, one row each."""
    measured = read_csv(path)
    rows = [
        [row["term"], *(row[name] for name in ("clients", "requests_per_second", "p50_ms", "p99_ms", "errors"))]
        for row in measured
    ]
    first = measured[0]
    note = f"`{first['model']}`, {first['picture']}; {first['processor']}, {first['cores']} cores; {first['date']}."
    return table("|clients|requests per second|50th percentile, ms|99th percentile, ms|errors", rows) + f"\n{note}\n"


RUNTIMES = {
    "tensorflow": "TensorFlow",
    "xla": "XLA",
    "litert": "LiteRT",
    "onnx": "ONNX Runtime",
    "wasm": "browser, WASM",
}
FORMS = {"subpixel": "sub-pixel", "transpose": "transposed"}
EQUAL_TIME = 1.05
Times = dict[tuple[str, str, str], float]
"""Milliseconds by model, form and runtime."""


def runtimes(path: Path = SPEED / "runtimes.csv") -> str:
    """Return the times of the published super-resolution models in each runtime, and what is best in which."""
    if not path.is_file():
        return "Not measured yet: `python -m benchmarks.runtimes`.\n"
    measured = read_csv(path)
    threads = sorted({int(row["threads"]) for row in measured})
    parts = []
    for count in threads:
        chosen = [row for row in measured if int(row["threads"]) == count]
        times = {
            (row["model"], row["form"], row["runtime"]): float(row["milliseconds"])
            for row in chosen
            if row["precision"] == "float32"
        }
        heading = "one thread" if count == 1 else f"{count} threads"
        parts += [f"**{heading.capitalize()}**, milliseconds, sub-pixel / transposed:\n", _times_table(times)]
        parts += [f"- {sentence}" for sentence in best_forms(times)] + [""]
    quantised = [row for row in measured if int(row["threads"]) == threads[-1] and row["precision"] != "float32"]
    parts += [_precisions(measured, quantised)] if quantised else []
    first = measured[0]
    return "\n".join([*parts, f"{first['processor']}, {first['cores']} cores; {first['date']}.", ""])


def _names(times: Times) -> tuple[list[str], list[str]]:
    models = list(dict.fromkeys(model for model, _, _ in times))
    return models, [runtime for runtime in RUNTIMES if any(runtime == key[2] for key in times)]


def _times_table(times: Times) -> str:
    models, measured = _names(times)
    rows = []
    for model in models:
        cells = [[times.get((model, form, runtime)) for form in FORMS] for runtime in measured]
        rows.append([f"`{model}`", *(" / ".join("-" if time is None else f"{time:.1f}" for time in c) for c in cells)])
    return table("model|" + "|".join(RUNTIMES[runtime] for runtime in measured), rows)


def best_forms(times: Times) -> list[str]:
    """Return, for each runtime, which form is the faster one, and by how much."""
    models, measured = _names(times)
    sentences = []
    for runtime in measured:
        ratios = {
            model: times[model, "transpose", runtime] / times[model, "subpixel", runtime]
            for model in models
            if all((model, form, runtime) in times for form in FORMS)
        }
        faster = {
            "subpixel": {model: ratio for model, ratio in ratios.items() if ratio > EQUAL_TIME},
            "transpose": {model: 1 / ratio for model, ratio in ratios.items() if ratio < 1 / EQUAL_TIME},
        }
        parts = []
        for form, gains in faster.items():
            if gains:
                which = "all models" if len(gains) == len(ratios) else f"{len(gains)} of {len(ratios)} models"
                parts.append(f"the {FORMS[form]} form is faster for {which}, {between(gains.values(), 1)} times")
        text = ", and ".join(parts) or "both forms take the same time"
        name = "the browser" if runtime == "wasm" else RUNTIMES[runtime]
        sentences.append(f"In {name}, {text}.")
    return sentences


def _precisions(measured: list[dict[str, str]], quantised: list[dict[str, str]]) -> str:
    """Return the times and the quality of reduced precisions, relative to float32 in the same runtime."""
    keys = ("model", "form", "runtime", "threads")
    whole = {tuple(row[key] for key in keys): row for row in measured if row["precision"] == "float32"}
    rows = []
    for row in quantised:
        before = whole[tuple(row[key] for key in keys)]
        time = float(row["milliseconds"]) / float(before["milliseconds"])
        change = f"{float(row['psnr']) - float(before['psnr']):+.2f}" if row["psnr"] and before["psnr"] else ""
        rows.append(
            [f"`{row['model']}`", FORMS[row["form"]], RUNTIMES[row["runtime"]], row["precision"], f"{time:.2f}", change]
        )
    return table("model|form|runtime|precision|times as long as float32|PSNR on Set5, dB", rows, words=4)


TABLES: dict[str, Callable[[], str]] = {"serving": serving, "runtimes": runtimes}
