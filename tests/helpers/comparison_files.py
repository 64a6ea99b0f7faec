"""Write a comparison with invented numbers."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from training.compare.plan import FAIRNESS, Pair, Twin
from training.compare.results import records
from zoo.system.files import write_csv, write_json

PSNR = {"subpixel": (28.0, 28.2, 28.1), "transpose": (28.0, 28.25, 28.05), "resize": (27.0, 27.1, 27.2)}
FORWARD = {"subpixel": 2.0, "transpose": 3.0, "resize": 1.0}


def write_comparison(
    folder: Path, seeds: int = 3, forward: dict[str, float] = FORWARD, *, apart: bool = False, source: str = "glyphs"
) -> Path:
    """Write the files of a finished comparison with invented numbers, and return its folder.

    Two twins are equal and the third is worse. With `apart` there are also a twin that starts as the same function as
    another, and one of adjusted width.
    """
    twins = [Twin(f"own/{name}", name, "own", f"ae_{name}") for name in PSNR]
    pairs = [Pair("own", "own/subpixel", f"own/{name}", "the whole choice") for name in ("transpose", "resize")]
    names = dict(zip((twin.key for twin in twins), PSNR, strict=True))
    if apart:
        twins.append(Twin("mapped/transpose", "transpose from subpixel's weights", "mapped", "ae_transpose"))
        twins.append(Twin("cost/resize", "resize (filters 9)", "cost", "ae_resize", {"model.filters": 9}))
        pairs.append(Pair("mapped", "own/subpixel", "mapped/transpose", "the layer alone"))
        pairs.append(Pair("mapped", "own/transpose", "mapped/transpose", "the initialiser alone"))
        pairs.append(Pair("cost", "own/subpixel", "cost/resize", "the choice at equal cost"))
        names |= {"mapped/transpose": "transpose", "cost/resize": "resize"}
    (folder / records.PICTURES).mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in ["target", *(f"{twin.slug}-{moment}" for twin in twins for moment in ("before", "after"))]:
        for number in range(2):
            picture = generator.integers(0, 256, (28, 28), dtype=np.uint8)
            Image.fromarray(picture).save(folder / records.PICTURES / f"{name}-{number}.png")
    runs, curves, spectra, costs = [], [], [], []
    for key, name in names.items():
        for seed, psnr in enumerate(PSNR[name][:seeds]):
            pattern = {"subpixel": 0.0, "transpose": 0.04, "resize": 0.0}[name]
            runs.append(
                {"twin": key, "seed": seed, "run": f"runs/ae_{name}/0-s{seed}", "psnr": psnr, "ssim": psnr / 30}
                | {f"spectral_{moment}": pattern / 10 for moment in ("before", "after")}
                | {f"imbalance_{moment}": pattern / 2 for moment in ("before", "after")}
                | {"constant_before": pattern, "constant_after": pattern / 20}
            )
            for step, share in ((0, 0.5), (50, 0.9), (100, 1.0)):
                curves.append({"twin": key, "seed": seed, "step": step, "tag": "eval/psnr", "value": psnr * share})
        for moment in ("before", "after"):
            for frequency in (0.0, 0.25, 0.5):
                spectra.append({"twin": key, "when": moment, "frequency": frequency, "power": 1 + frequency})
        costs.append(
            {"twin": key, "run": f"runs/ae_{name}/0-s0", "parameters": 1000, "multiply_adds": 2_000_000}
            | {"forward_ms": forward[name], "step_ms": 9.0, "xla_ms": 4.0, "litert_ms": None, "memory_mib": 500.25}
        )
    for path, rows in (("runs", runs), ("curves", curves), ("spectra", spectra), ("costs", costs)):
        write_csv(folder / f"{path}.csv", rows)
    machine = {"processor": "abacus", "cores": 2, "load": 0.1, "tensorflow": "2", "keras": "3"}
    write_json(
        folder / records.FACTS,
        {
            "name": "ae",
            "kind": "autoencoder",
            "scale": None,
            "period": 4,
            "source": {"name": source, "reason": "", "fingerprint": "0"},
            "split": "test",
            "steps": 100,
            "batch": 8,
            "seeds": seeds,
            "fairness": {twin.fairness: FAIRNESS[twin.fairness] for twin in twins},
            "twins": [asdict(twin) for twin in twins],
            "pairs": [asdict(pair) for pair in pairs],
            "metrics": ["psnr", "ssim"],
            "score": "eval/psnr",
            "pictures": 2,
            "machine": machine,
            "commit": "0",
            "date": "2000-01-01",
        },
    )
    return folder
