"""Train `ae_subpixel` and `ae_transpose` from equal functions, and record the distance between their weights.

    python -m scripts.training_equivalence [--steps 500] [--data mnist] [--out results/quality/training_equivalence.csv]

The twins see the same batches under the family's own recipe, in float64 and in float32. Their distance is the relative
L2 distance of all weights together, after mapping. A control is trained in addition: `ae_subpixel` again, with every
initial weight moved to the next larger number of its precision. The control's distance grows by rounding alone.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
import numpy as np
import tensorflow as tf
from rich.progress import track

from training.data import Source, open_source
from training.loop.loop import Loop
from training.loop.precision import precision
from training.recipes import Precision, recipe_for
from training.tasks.reconstruction.task import Reconstruction
from zoo import create_model
from zoo.arrays import relative_distance
from zoo.models import parse_name
from zoo.system.files import write_csv
from zoo.upsampling import SubpixelConv2D, subpixel_to_transpose

Weights = list[np.ndarray]
LOSSES = ("loss_subpixel", "loss_transpose")
PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


def transposed_weights(model: keras.Model) -> Weights:
    """Return the model's weights in order, with sub-pixel kernels mapped to those of `Conv2DTranspose`."""
    upsamplers = [layer for layer in model.get_layer("decoder").layers if isinstance(layer, SubpixelConv2D)]
    scales = {layer.kernel.path: layer.scale for layer in upsamplers}
    return [
        subpixel_to_transpose(weight.numpy(), scales[weight.path]) if weight.path in scales else weight.numpy()
        for weight in model.weights
    ]


def follow(
    float_type: Precision, source: Source, steps: int, overrides: Mapping[str, Any] | None = None
) -> Iterator[dict[str, float]]:
    """Train the twins and the control alternately; yield a row before the first step and after every step.

    Args:
        float_type: of weights and arithmetic.
        source: of the pictures.
        steps: to train; the learning rate follows the schedule of the recipe's full length.
        overrides: of the family's recipe, as `training.recipes.recipe_for` takes them.

    Yields:
        Rows of `step`; `loss_subpixel` and `loss_transpose`, the losses of the step's batch before the step (not in
        the first row); `distance` between the twins; and `control`, the distance between the two sub-pixel models.
    """
    family = parse_name("ae_subpixel").family
    recipe = recipe_for(family, None, {**(overrides or {}), "precision": float_type})
    arguments = {"image_shape": source.image_shape, **recipe.model}
    with precision(float_type):
        keras.utils.set_random_seed(0)
        first = create_model("ae_subpixel", **arguments)
        twin, control = create_model("ae_transpose", **arguments), create_model("ae_subpixel", **arguments)
        twin.set_weights(transposed_weights(first))
        control.set_weights([np.nextafter(weight, weight.dtype.type(np.inf)) for weight in first.get_weights()])
        loops = [
            Loop(
                Reconstruction(recipe, model, family.upsampling),
                tf.distribute.get_strategy(),
                source.split("train"),
                source.split("validation"),
                seed=0,
                run=None,
            )
            for model in (first, twin, control)
        ]

        def row(step: int, losses: list[float]) -> dict[str, float]:
            one, other, moved = (transposed_weights(model) for model in (first, twin, control))
            named = dict(zip(LOSSES, losses, strict=False))
            distances = {"distance": relative_distance(one, other), "control": relative_distance(one, moved)}
            return {"step": step, **named, **distances}

        yield row(0, [])
        for step in range(1, steps + 1):
            for loop in loops:
                loop.progress.totals = {}
                loop.advance(1)
            yield row(step, [loop.progress.totals["train/loss"] for loop in loops])


def main() -> None:
    """Follow the twins in both precisions and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "quality" / "training_equivalence.csv")
    options = parser.parse_args()

    source = open_source(options.data)
    columns = ("precision", "step", *LOSSES, "distance", "control")
    table = []
    for float_type in PRECISIONS:
        rows = follow(float_type, source, options.steps)
        for row in track(rows, float_type, total=options.steps + 1):
            # Losses are written with all digits because readers subtract them; distances with six digits.
            written = {name: value if name in LOSSES else f"{value:.6g}" for name, value in row.items()}
            table.append({"precision": float_type, **written})
            last = row
        print(f"{float_type}: distance {last['distance']:.2g}, control {last['control']:.2g}")
    write_csv(options.out, table, columns)


if __name__ == "__main__":
    main()
