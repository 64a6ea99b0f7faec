"""A typed recipe per family: everything a training run needs beside the model."""

import dataclasses
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
        optimiser: Keras's `adam`, `adamw`, or `muon` for the kernels of convolutions as well.
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
    optimiser: Literal["adam", "adamw", "muon"] = "adam"
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


# Small networks learn by the number of their updates, not of their pixels: batches are small. Adam leaves a network of
# tanh almost linear for tens of thousands of steps. Muon takes the squared error, which the papers have, as well.
_SUPER_RESOLUTION = Recipe(
    task="super_resolution",
    source="auto:t91+bsds400|photos",
    batch=4,
    steps=160_000,
    learning_rate=4e-3,
    warmup_steps=500,
    optimiser="muon",
    clip_norm=0.5,
    loss="mean_squared_error",
    average=0.999,
    patch=32,
    reduced=True,
    log_every=1000,
    evaluations=20,
    compare_steps=12_000,
)

RECIPES: dict[str, Recipe] = {
    "ae": Recipe(
        task="reconstruction",
        source="auto:mnist|glyphs",
        steps=5000,
        learning_rate=4e-3,
        warmup_steps=100,
        loss="log_mean_squared_error",
        compare_steps=3000,
    ),
    "features": Recipe(
        task="classification",
        source="auto:mnist|glyphs",
        steps=3000,
        learning_rate=3e-3,
        warmup_steps=200,
        optimiser="adamw",
        weight_decay=0.1,
        loss="cross_entropy",
        evaluations=5,
    ),
    "vae": Recipe(
        task="variational",
        source="auto:mnist|glyphs",
        steps=14_000,
        learning_rate=2e-3,
        warmup_steps=200,
        loss="bernoulli",
        log_every=100,
        compare_steps=5000,
    ),
    # A faster discriminator wins as the rates fall, and a penalty of more keeps it from learning at all.
    "dcgan": Recipe(
        task="adversarial",
        source="auto:mnist|glyphs",
        batch=32,
        steps=32_000,
        learning_rate=2e-3,
        beta_1=0.5,
        beta_2=0.99,
        loss="non_saturating",
        gradient_penalty=0.05,
        average=0.999,
        log_every=100,
        compare_steps=6000,
    ),
    # The paper's loss and normalisation; momentum makes it many times slower.
    "sngan": Recipe(
        task="adversarial",
        source="auto:mnist|glyphs",
        batch=32,
        steps=8000,
        learning_rate=3e-4,
        beta_1=0.0,
        beta_2=0.99,
        loss="hinge",
        discriminator_learning_rate=1e-3,
        discriminator_steps=2,
        average=0.999,
        log_every=100,
        compare_steps=5000,
    ),
    "espcn": _SUPER_RESOLUTION,
    "fsrcnn": _SUPER_RESOLUTION,
    # The paper's blocks are 256 wide; with 64, Muon's steps take two thirds as long.
    "sesr": dataclasses.replace(_SUPER_RESOLUTION, learning_rate=2e-3, steps=80_000, model={"width": 64}),
    # The paper's: some hours on a GPU, weeks without one.
    "edsr": dataclasses.replace(
        _SUPER_RESOLUTION,
        source="auto:div2k|photos",
        batch=16,
        steps=300_000,
        learning_rate=1e-4,
        warmup_steps=0,
        optimiser="adam",
        clip_norm=0.0,
        loss="mean_absolute_error",
        patch=48,
        reduced=False,
        compare_steps=250,
    ),
}

# What a source needs otherwise than its family's recipe has it.
BY_SOURCE: dict[tuple[str, str], dict[str, Any]] = {
    # Dense layers over the whole of a colour image learn many times slower than convolutions on the coarse grid.
    ("ae", "cifar10"): {
        "batch": 64,
        "steps": 7000,
        "flip": True,
        "evaluations": 5,
        "model.spatial": True,
        "model.blocks": 1,
    },
    ("features", "fashion_mnist"): {"flip": True},
    ("features", "cifar10"): {"flip": True},
    ("vae", "cifar10"): {"model.latent": 128, "model.filters": 28, "flip": True},
    ("dcgan", "fashion_mnist"): {"steps": 32_000},
    ("dcgan", "cifar10"): {"model.filters": 44, "steps": 24_000, "flip": True},
    ("sngan", "fashion_mnist"): {"steps": 24_000},
    ("sngan", "cifar10"): {"flip": True},
}


def first_source(recipe_source: str) -> str:
    """The source under whose results a model is published by its plain name: `auto:mnist|glyphs` to `mnist`."""
    return recipe_source.removeprefix("auto:").split("|")[0]
