"""Recipes: overrides, bounds, flat names, and the optimisers and schedules that follow from them."""

import dataclasses

import keras
import numpy as np
import pytest

from training.errors import InputError
from training.optimisers import OPTIMISERS, OptimiserInfo, check_optimiser, create_optimiser, learning_rate
from training.recipes import RECIPES, VARIANTS, first_source, flat, parse_overrides, recipe_for, recipe_from_flat
from training.recipes.by_family import BY_SOURCE
from training.runs.config import train_command
from zoo.models import families


@pytest.fixture
def ae():
    return families()["ae"]


def test_overrides_reach_their_fields(ae):
    values = parse_overrides(
        ["batch=256", "learning_rate=1e-2", "flip=True", "model.filters=48", "loss=mean_squared_error"]
    )
    recipe = recipe_for(ae, "cifar10", values)
    assert (recipe.batch, recipe.learning_rate, recipe.flip, recipe.loss) == (256, 0.01, True, "mean_squared_error")
    assert recipe.model["filters"] == 48
    assert recipe.source == "cifar10"
    assert recipe_for(ae).source == RECIPES["ae"].source


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("batch=0", "batch=0 must be greater than 0"),
        ("batch=2.5", "batch=2.5 is not a whole number"),
        ("batch=True", "batch=True is not a whole number"),
        ("steps=-1", "steps=-1 must be greater than 0"),
        ("learning_rate=fast", "learning_rate='fast' is not a number"),
        ("learning_rate=1e999", "must be greater than 0"),
        ("weight_decay=-1", "weight_decay=-1.0 must be at least 0"),
        ("precision=int3", "precision='int3' is not one of float32, float64, mixed_float16, mixed_bfloat16"),
        ("degradation=fog", "degradation='fog' is not one of bicubic, photo"),
        ("bacth=3", r"no field 'bacth' \(did you mean batch, patch\?\)"),
        ("task=painting", "no field 'task'"),
        ("filters=3", r"no field 'filters' \(did you mean model\.filters\?\)"),
        ("model.filter=3", r"no argument 'filter' \(did you mean filters\?\)"),
        ("batch", "cannot read 'batch'"),
    ],
)
def test_a_bad_override_says_what_is_allowed(ae, assignment, message):
    with pytest.raises(InputError, match=message):
        recipe_for(ae, None, parse_overrides([assignment]))


def test_every_family_has_a_recipe_whose_task_takes_its_loss():
    from training.tasks import kind_of

    for name in families():
        recipe = RECIPES[name]
        assert recipe.loss in kind_of(families()[name]).task.losses


def test_a_source_among_the_overrides_is_the_source(ae):
    assert recipe_for(ae, None, {"source": "cifar10"}) == recipe_for(ae, "cifar10")
    assert recipe_for(ae, "cifar10").model == {"spatial": True, "blocks": 1}


def test_first_source():
    assert first_source("auto:mnist|glyphs") == "mnist"
    assert first_source("cifar10") == "cifar10"


def test_the_learning_rate_warms_up_and_falls_to_zero(ae):
    recipe = recipe_for(ae, None, {"steps": 100, "warmup_steps": 10, "learning_rate": 0.5, "schedule": "cosine"})
    rates = np.array([float(learning_rate(recipe)(step)) for step in range(101)])
    np.testing.assert_allclose(rates[:11], np.linspace(0, 0.5, 11), atol=1e-6)
    np.testing.assert_allclose(rates[10:], 0.25 * (1 + np.cos(np.pi * np.arange(91) / 90)), atol=1e-6)
    constant = recipe_for(ae, None, {"steps": 100, "warmup_steps": 10, "learning_rate": 0.5, "schedule": "constant"})
    assert float(learning_rate(constant)(99)) == pytest.approx(0.5)


def test_half_precision_scales_the_loss(ae):
    half = create_optimiser(recipe_for(ae, None, {"precision": "mixed_float16"}))
    assert isinstance(half, keras.optimizers.LossScaleOptimizer)
    decayed = create_optimiser(recipe_for(ae, None, {"optimiser": "adamw", "weight_decay": 0.1}))
    assert decayed.weight_decay == 0.1


def test_an_optimiser_that_the_table_lacks_is_named(ae):
    with pytest.raises(InputError, match=r"optimiser='adan' is not one of adam, adamw, muon \(did you mean adam"):
        check_optimiser("adan")
    with pytest.raises(InputError, match="optimiser='adan' is not one of"):
        create_optimiser(recipe_for(ae, None, {"optimiser": "adan"}))


# The keys of `recipe` in every config.json. Run ids are hashes of them, so none may change its name.
FLAT_NAMES = (
    *("source", "batch", "steps", "learning_rate", "warmup_steps", "schedule", "optimiser", "beta_1", "beta_2"),
    *("weight_decay", "clip_norm", "loss", "kl_weight", "discriminator_learning_rate", "discriminator_steps"),
    *(
        "gradient_penalty",
        "average",
        "patch",
        "margin",
        "reduced",
        "contrast",
        "degradation",
        "flip",
        "shift",
        "image_size",
        "precision",
    ),
    *("export", "log_every", "evaluations", "checkpoint_minutes", "likelihood_draws", "keep", "compare_steps", "model"),
)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_is_written_flat_and_read_back(name):
    recipe = RECIPES[name]
    values = flat(recipe)
    assert sorted(values) == sorted(FLAT_NAMES)
    assert recipe_from_flat(values) == recipe
    changed = recipe_from_flat(values | {"patch": 7, "kl_weight": 0.5, "discriminator_steps": 4, "steps": 3})
    assert (changed.super_resolution.patch, changed.variational.kl_weight, changed.steps) == (7, 0.5, 3)
    assert changed.adversarial == dataclasses.replace(recipe.adversarial, discriminator_steps=4)
    with pytest.raises(TypeError, match="bacth"):
        recipe_from_flat(values | {"bacth": 1})


def test_a_flat_recipe_shares_nothing_with_its_recipe():
    recipe = RECIPES["sesr"]
    flat(recipe)["model"]["width"] = 1
    assert recipe.model == {"width": 64}


def test_options_of_a_task_have_flat_names_in_overrides(ae):
    values = parse_overrides(["patch=5", "reduced=True", "discriminator_learning_rate=None", "likelihood_draws=7"])
    recipe = recipe_for(ae, None, values)
    assert (recipe.super_resolution.patch, recipe.super_resolution.reduced) == (5, True)
    assert recipe.adversarial.discriminator_learning_rate is None
    assert recipe.variational.likelihood_draws == 7
    with pytest.raises(InputError, match=r"no field 'super_resolution'.*; python -m training train --help"):
        recipe_for(ae, None, {"super_resolution": recipe.super_resolution})


POSITIVE = (
    *("batch", "steps", "image_size", "patch", "log_every", "evaluations", "keep", "likelihood_draws", "compare_steps"),
    *("learning_rate", "discriminator_learning_rate", "discriminator_steps", "checkpoint_minutes"),
)
NOT_NEGATIVE = ("margin", "warmup_steps", "shift", "weight_decay", "clip_norm", "kl_weight", "gradient_penalty")
BELOW_ONE = ("average", "beta_1", "beta_2")


def test_every_number_has_its_bounds(ae):
    for name in POSITIVE:
        recipe_for(ae, None, {name: 1})
        with pytest.raises(InputError, match=rf"^{name}=0(\.0)? must be greater than 0$"):
            recipe_for(ae, None, {name: 0})
    for name in (*NOT_NEGATIVE, *BELOW_ONE):
        recipe_for(ae, None, {name: 0})
        with pytest.raises(InputError, match=rf"^{name}=-1(\.0)? must be at least 0$"):
            recipe_for(ae, None, {name: -1})
    for name in BELOW_ONE:
        with pytest.raises(InputError, match=rf"^{name}=1.0 must be less than 1$"):
            recipe_for(ae, None, {name: 1})
    numbers = {name for name, value in flat(RECIPES["ae"]).items() if type(value) in (int, float)}
    assert numbers <= {*POSITIVE, *NOT_NEGATIVE, *BELOW_ONE}
    for name in numbers:
        for value in (float("inf"), float("nan")):
            with pytest.raises(InputError, match=rf"^{name}="):
                recipe_for(ae, None, {name: value})


def test_recipes_and_their_changes_by_source_keep_their_own_bounds():
    for name, recipe in RECIPES.items():
        overrides = {key: value for key, value in flat(recipe).items() if key not in ("task", "model")}
        assert recipe_for(families()[name], None, overrides) == recipe
    for name, source in BY_SOURCE:
        assert recipe_for(families()[name], source).source == source


def test_a_new_row_is_an_optimiser_that_recipes_take(ae, monkeypatch):
    info = OptimiserInfo("plain gradient descent", lambda recipe, rate: keras.optimizers.SGD(recipe.learning_rate))
    monkeypatch.setitem(OPTIMISERS, "sgd", info)
    check_optimiser("sgd")
    optimiser = create_optimiser(recipe_for(ae, None, {"optimiser": "sgd", "learning_rate": 0.25}))
    assert isinstance(optimiser, keras.optimizers.SGD)
    assert float(optimiser.learning_rate) == 0.25


def test_a_variant_changes_its_fields_and_yields_to_the_user(ae):
    plain, gpu = recipe_for(ae), recipe_for(ae, variant="gpu")
    differing = {name for name, value in flat(gpu).items() if flat(plain)[name] != value}
    assert differing == set(VARIANTS["gpu"]["ae"])
    assert gpu.steps > plain.steps
    own = recipe_for(ae, "cifar10", {"steps": 7}, variant="gpu")
    assert (own.steps, own.batch, own.model) == (7, VARIANTS["gpu"]["ae"]["batch"], {"spatial": True, "blocks": 1})
    with pytest.raises(InputError, match="the recipe of ae has no variant 'tpu'; take gpu, or leave RECIPE out"):
        recipe_for(ae, variant="tpu")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_family_has_every_variant(variant):
    for name in RECIPES:
        assert recipe_for(families()[name], variant=variant)
    assert set(VARIANTS[variant]) == set(RECIPES)


def test_the_command_on_a_card_names_the_variant():
    command = train_command("ae_subpixel", "mnist", 0, None, {"steps": 9}, "gpu")
    assert command == "make train MODEL=ae_subpixel DATA=mnist SEED=0 STEPS=9 RECIPE=gpu"
