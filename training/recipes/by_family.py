"""One recipe per family, and the fields that differ for a particular source."""

import dataclasses
from typing import Any

from training.recipes.recipe import Recipe

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


# The standard error of a bound hardly depends on the number of draws, and 500 draws take longer than the training.
COMPARISON_SETTINGS: dict[str, dict[str, Any]] = {"vae": {"likelihood_draws": 50}}
"""Fields of the recipe that a comparison of a family sets, unless the user does."""


def first_source(recipe_source: str) -> str:
    """The source under whose results a model is published by its plain name: `auto:mnist|glyphs` to `mnist`."""
    return recipe_source.removeprefix("auto:").split("|")[0]
