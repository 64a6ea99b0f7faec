"""List one recipe per family, and the fields that differ for a particular source.

The comment above a recipe says why it has its values, which command trained a published model with it, and what that
model reached. The numbers are on its card: `python -m zoo card NAME`. The commands of models that a GPU trains are in
docs/training-commands.md.
"""

import dataclasses
from typing import Any

from training.recipes.recipe import AdversarialOptions, Recipe, SuperResolutionOptions

# The quality of these small networks depends on the number of updates rather than of pixels, so batches are small.
# Under Adam a network of tanh stays almost linear for tens of thousands of steps; under Muon it does not. The loss is
# the squared error, as in the papers of ESPCN and FSRCNN. A network that learns from patches up to their borders can
# take dark pixels beside bright ones for a border, and leave white spots on dark lines; so does one that has seen few
# lines between black and white. With the margin and other contrasts, 50,000 more steps raised FSRCNN at x2 from 36.93
# to 37.01 dB on Set5; without them, 60,000 more steps lowered it to 36.86 dB.
_SUPER_RESOLUTION = Recipe(
    source="auto:t91+bsds400|photos",
    batch=4,
    steps=160_000,
    learning_rate=4e-3,
    warmup_steps=500,
    optimiser="muon",
    clip_norm=0.5,
    loss="mean_squared_error",
    average=0.999,
    super_resolution=SuperResolutionOptions(patch=32, margin=4, reduced=True, contrast=True),
    log_every=1000,
    evaluations=20,
    compare_steps=12_000,
)

RECIPES: dict[str, Recipe] = {
    # The logarithm of the squared error is PSNR up to a factor and a constant: training improves what is reported.
    # `make train MODEL=ae_subpixel DATA=mnist SEED=0`: 28.87 dB on MNIST's test part.
    "ae": Recipe(
        source="auto:mnist|glyphs",
        steps=5000,
        learning_rate=4e-3,
        warmup_steps=100,
        loss="log_mean_squared_error",
        compare_steps=3000,
    ),
    # The weight decay is large because it raises the accuracy on pictures that the classifier has not seen.
    # `make train MODEL=features DATA=mnist SEED=0`: 99.38 % of MNIST's test part.
    "features": Recipe(
        source="auto:mnist|glyphs",
        steps=3000,
        learning_rate=3e-3,
        warmup_steps=200,
        optimiser="adamw",
        weight_decay=0.1,
        loss="cross_entropy",
        evaluations=5,
    ),
    # The loss is the negative evidence lower bound (beta = 1) of pictures that are binarised again whenever they are
    # seen. `make train MODEL=vae_subpixel DATA=mnist SEED=0`: a log-likelihood of -86.61 nats per test picture.
    "vae": Recipe(
        source="auto:mnist|glyphs",
        steps=14_000,
        learning_rate=2e-3,
        warmup_steps=200,
        loss="bernoulli",
        log_every=100,
        compare_steps=5000,
    ),
    # With a higher learning rate the discriminator wins once the rates decay; with a larger penalty it does not learn
    # at all. `make train MODEL=dcgan_subpixel DATA=mnist SEED=0`: Frechet distance 0.33 from MNIST's test part;
    # pictures of the training part are at 0.04.
    "dcgan": Recipe(
        source="auto:mnist|glyphs",
        batch=32,
        steps=32_000,
        learning_rate=2e-3,
        beta_1=0.5,
        beta_2=0.99,
        loss="non_saturating",
        adversarial=AdversarialOptions(gradient_penalty=0.05),
        average=0.999,
        log_every=100,
        compare_steps=6000,
    ),
    # Loss and normalisation follow the paper. With momentum (beta_1 > 0) training needs many times more steps.
    # `make train MODEL=sngan_subpixel DATA=fashion_mnist SEED=0`: Frechet distance 0.69 from Fashion-MNIST's test part
    # after 24,000 steps; pictures of the training part are at 0.02.
    "sngan": Recipe(
        source="auto:mnist|glyphs",
        batch=32,
        steps=8000,
        learning_rate=3e-4,
        beta_1=0.0,
        beta_2=0.99,
        loss="hinge",
        adversarial=AdversarialOptions(discriminator_learning_rate=1e-3, discriminator_steps=2),
        average=0.999,
        log_every=100,
        compare_steps=5000,
    ),
    # `make train MODEL=espcn_x3_subpixel DATA=t91+bsds400 SEED=0 STEPS=100000
    # SET="margin=0 contrast=False"`: 32.60 dB on the luma of Set5.
    "espcn": _SUPER_RESOLUTION,
    # `make train MODEL=fsrcnn_x3_subpixel DATA=openphotos+t91+bsds400 SEED=0 STEPS=50000 INIT=fsrcnn_x3_subpixel
    # SET="learning_rate=2e-3"`: 33.10 dB on the luma of Set5, from 33.05.
    "fsrcnn": _SUPER_RESOLUTION,
    # The paper's linear blocks are 256 wide. With 64, a step of Muon takes two thirds of the time.
    # `make train MODEL=sesr_x2_subpixel DATA=openphotos+t91+bsds400 SEED=0 STEPS=60000 INIT=sesr_x2_subpixel
    # SET="learning_rate=1e-3"`: 37.21 dB on the luma of Set5, from 37.19. The large network has
    # SET="model.m=11 model.filters=32", and one for photographs has SET="degradation=photo".
    "sesr": dataclasses.replace(_SUPER_RESOLUTION, learning_rate=2e-3, steps=80_000, model={"width": 64}),
    # In 600 steps on the source photos, Muon reaches 1 dB more than Adam.
    # `make train MODEL=span_x2_subpixel DATA=openphotos+t91+bsds400 SEED=0`: 37.27 dB on the luma of Set5, after 75
    # minutes on one processor core, with a batch of 4. RECIPE=gpu has 16 times as large a batch and more steps.
    "span": dataclasses.replace(_SUPER_RESOLUTION, learning_rate=2e-3, steps=80_000),
    # All values are the paper's. Training takes some hours on a GPU and weeks without one; no model is published.
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
        super_resolution=SuperResolutionOptions(patch=48, reduced=False),
        compare_steps=250,
    ),
}

BY_SOURCE: dict[tuple[str, str], dict[str, Any]] = {
    # Dense layers over a whole colour picture learn many times slower than convolutions on the coarse grid.
    # `make train MODEL=ae_subpixel DATA=cifar10 SEED=0`: 26.85 dB on CIFAR-10's test part.
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
"""Fields that differ from the family's recipe for a particular source, by flat names."""

# The standard error of a bound hardly depends on the number of draws, and 500 draws take longer than the training.
COMPARISON_SETTINGS: dict[str, dict[str, Any]] = {"vae": {"likelihood_draws": 50}}
"""Fields of the recipe that a comparison of a family sets, unless the user does."""


def first_source(recipe_source: str) -> str:
    """Return the source whose models are published under their plain names: `mnist` for `auto:mnist|glyphs`."""
    return recipe_source.removeprefix("auto:").split("|")[0]
