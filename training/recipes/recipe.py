"""Everything that a training needs besides the model."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Precision = Literal["float32", "float64", "mixed_float16", "mixed_bfloat16"]


@dataclass(frozen=True)
class Recipe:
    """What a run trains on and how. Every field can be set from the command.

    Attributes:
        task: file in `training/tasks/` that defines loss, step and metrics.
        source: where images come from, such as `mnist`, `auto:mnist|glyphs` or `folder:PATH`.
        batch: images in a global batch, over all replicas.
        steps: optimiser steps.
        learning_rate: its peak, reached after the warm-up.
        warmup_steps: steps over which the learning rate rises from zero.
        schedule: `cosine` falls to zero at the last step; `constant` stays.
        optimiser: a row of `training.optimisers.OPTIMISERS`.
        beta_1: decay of Adam's first moment.
        beta_2: decay of its second moment.
        weight_decay: for `adamw`.
        clip_norm: largest norm of the whole gradient; 0 is no limit.
        loss: one of the task's losses.
        kl_weight: weight of the divergence from the prior in a variational autoencoder's loss, beta.
        discriminator_learning_rate: of a generator's discriminator, where it is not `learning_rate`.
        discriminator_steps: updates of the discriminator in a step, each with its share of the batch; the generator's
            own update is as large as one of them.
        gradient_penalty: weight of the squared gradient of a discriminator at real pictures, in 0..1; 0 is none.
        average: decay of a moving average of the weights, which is then what is evaluated and exported; 0 keeps none.
        patch: side of super-resolution's training patches, in low-resolution pixels.
        reduced: cut patches from reduced copies of the pictures as well.
        flip: mirror training images at random, left to right.
        image_size: cut images to squares of this size; None keeps the source's own.
        precision: Keras dtype policy of the training.
        export: `last` weights, or those that were `best` on the validation part.
        log_every: steps between rows of metrics.csv.
        evaluations: evaluations on the validation part over the run.
        checkpoint_minutes: wall-clock minutes after which a checkpoint is written in any case.
        likelihood_draws: draws of the latent a picture when a variational autoencoder that was trained is evaluated.
        keep: checkpoints kept beside the best one.
        compare_steps: steps of each run when twins are compared, in place of `steps`.
        model: model arguments.
    """

    task: str
    source: str
    batch: int = 128
    steps: int = 1000
    learning_rate: float = 1e-3
    warmup_steps: int = 0
    schedule: Literal["cosine", "constant"] = "cosine"
    optimiser: str = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    loss: str = ""
    kl_weight: float = 1.0
    discriminator_learning_rate: float | None = None
    discriminator_steps: int = 1
    gradient_penalty: float = 0.0
    average: float = 0.0
    patch: int = 32
    reduced: bool = False
    flip: bool = False
    image_size: int | None = None
    precision: Precision = "float32"
    export: Literal["last", "best"] = "last"
    log_every: int = 50
    evaluations: int = 10
    checkpoint_minutes: float = 5.0
    likelihood_draws: int = 500
    keep: int = 2
    compare_steps: int = 1000
    model: dict[str, Any] = field(default_factory=dict)


def flat(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe's fields as JSON values, as `config.json` has them."""
    return dataclasses.asdict(recipe)


def recipe_from_flat(values: Mapping[str, Any]) -> Recipe:
    """Return the recipe whose fields `flat` returned."""
    return Recipe(**values)
