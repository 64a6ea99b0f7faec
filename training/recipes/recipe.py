"""Define a recipe: everything that a training needs besides the model, each field with its bounds."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_type_hints

from annotated_types import Ge, Gt, Lt

Precision = Literal["float32", "float64", "mixed_float16", "mixed_bfloat16"]


@dataclass(frozen=True)
class AdversarialOptions:
    """Set how a generator and its discriminator are trained.

    Attributes:
        discriminator_learning_rate: peak learning rate of the discriminator; None for the recipe's `learning_rate`.
        discriminator_steps: updates of the discriminator per step, each on its share of the batch. The generator's one
            update per step is on a share of the same size.
        gradient_penalty: weight of the squared gradient of the discriminator at real pictures in 0..1; 0 for none.
    """

    discriminator_learning_rate: Annotated[float | None, Gt(0)] = None
    discriminator_steps: Annotated[int, Gt(0)] = 1
    gradient_penalty: Annotated[float, Ge(0)] = 0.0


@dataclass(frozen=True)
class VariationalOptions:
    """Set how a variational autoencoder is trained and evaluated.

    Attributes:
        kl_weight: weight of the divergence from the prior in the loss, beta.
        likelihood_draws: draws of the latent per picture when the trained model is evaluated.
    """

    kl_weight: Annotated[float, Ge(0)] = 1.0
    likelihood_draws: Annotated[int, Gt(0)] = 500


@dataclass(frozen=True)
class SuperResolutionOptions:
    """Set how training patches are cut from pictures.

    Attributes:
        patch: side of a patch in low-resolution pixels.
        margin: outermost low-resolution pixels of a patch that the loss leaves out. There the network sees zeros, and
            where it is used it sees what the picture continues with (Dong et al. 2014, arXiv:1501.00092, section 4.2).
        reduced: also cut patches from reduced copies of the pictures.
        contrast: stretch, shift or invert the grey levels of half of the patches.
        degradation: how low-resolution pictures are made: by a bicubic reduction, or as `photo`: blur, antialiased
            reduction by several kernels, sensor noise and JPEG in random order and strength, for luma only.
    """

    patch: Annotated[int, Gt(0)] = 32
    margin: Annotated[int, Ge(0)] = 0
    reduced: bool = False
    contrast: bool = False
    degradation: Literal["bicubic", "photo"] = "bicubic"


@dataclass(frozen=True)
class Recipe:
    """Hold what a run trains on and how.

    Options that only one task has are grouped under its name. On the command line, in overrides and in `config.json`
    all names are flat: `patch` stands for `super_resolution.patch`.

    Attributes:
        source: where pictures come from, such as `mnist`, `auto:mnist|glyphs` or `folder:PATH`.
        batch: pictures in a global batch, over all replicas.
        steps: optimiser steps.
        learning_rate: peak learning rate, reached after the warm-up.
        warmup_steps: steps over which the learning rate rises from zero.
        schedule: `cosine` falls to zero at the last step; `constant` stays.
        optimiser: a row of `training.optimisers.OPTIMISERS`.
        beta_1: decay of Adam's first moment.
        beta_2: decay of Adam's second moment.
        weight_decay: decoupled weight decay, for `adamw`.
        clip_norm: largest norm of the gradient of all weights; 0 for no limit.
        loss: one of the task's losses.
        adversarial: options of generators.
        variational: options of variational autoencoders.
        super_resolution: options of super-resolution networks.
        average: decay of a moving average of the weights, which is then evaluated and exported; 0 keeps none.
        flip: mirror training pictures left to right at random.
        shift: most pixels by which training pictures are moved at random, in each direction.
        image_size: side of the squares that pictures are cut to, in pixels; None for the source's own size.
        precision: Keras's dtype policy of the training.
        export: `last` weights, or those that were `best` on the validation part.
        log_every: steps between rows of metrics.csv; at most those between evaluations.
        evaluations: evaluations on the validation part over the run.
        checkpoint_minutes: longest wall-clock time between checkpoints.
        keep: checkpoints to keep in addition to the best one.
        compare_steps: steps of each run when twins are compared, instead of `steps`.
        model: model arguments.
    """

    source: str
    batch: Annotated[int, Gt(0)] = 128
    steps: Annotated[int, Gt(0)] = 1000
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    warmup_steps: Annotated[int, Ge(0)] = 0
    schedule: Literal["cosine", "constant"] = "cosine"
    optimiser: str = "adam"
    beta_1: Annotated[float, Lt(1), Ge(0)] = 0.9
    beta_2: Annotated[float, Lt(1), Ge(0)] = 0.999
    weight_decay: Annotated[float, Ge(0)] = 0.0
    clip_norm: Annotated[float, Ge(0)] = 0.0
    loss: str = ""
    adversarial: AdversarialOptions = AdversarialOptions()
    variational: VariationalOptions = VariationalOptions()
    super_resolution: SuperResolutionOptions = SuperResolutionOptions()
    average: Annotated[float, Lt(1), Ge(0)] = 0.0
    flip: bool = False
    shift: Annotated[int, Ge(0)] = 0
    image_size: Annotated[int | None, Gt(0)] = None
    precision: Precision = "float32"
    export: Literal["last", "best"] = "last"
    log_every: Annotated[int, Gt(0)] = 50
    evaluations: Annotated[int, Gt(0)] = 10
    checkpoint_minutes: Annotated[float, Gt(0)] = 5.0
    keep: Annotated[int, Gt(0)] = 2
    compare_steps: Annotated[int, Gt(0)] = 1000
    model: dict[str, Any] = field(default_factory=dict)


_GROUPS: dict[str, Any] = {
    each.name: each.type for each in dataclasses.fields(Recipe) if dataclasses.is_dataclass(each.type)
}
"""The classes of the grouped options by field."""


def field_types() -> dict[str, Any]:
    """Return the type of every field by its flat name; bounds are in the metadata of `Annotated`."""
    types: dict[str, Any] = {}
    for name, hint in get_type_hints(Recipe, include_extras=True).items():
        types |= get_type_hints(hint, include_extras=True) if name in _GROUPS else {name: hint}
    return types


def flat(recipe: Recipe) -> dict[str, Any]:
    """Return the values of all fields by their flat names, as `config.json` has them."""
    values = dataclasses.asdict(recipe)
    for group in _GROUPS:
        values |= values.pop(group)
    return values


def recipe_from_flat(values: Mapping[str, Any]) -> Recipe:
    """Return the recipe that has these values by flat names, the inverse of `flat`.

    Raises:
        TypeError: a recipe has no field of a given name.
    """
    rest = dict(values)
    groups = {
        name: options(**{each.name: rest.pop(each.name) for each in dataclasses.fields(options) if each.name in rest})
        for name, options in _GROUPS.items()
    }
    return Recipe(**rest, **groups)
