import dataclasses

import numpy as np
import pytest

import zoo
from training.compare.plan import check_request, plan_twins
from training.compare.widths import multiply_adds_of
from training.errors import InputError
from training.request import TrainingRequest
from training.runs.starting_weights import FreshTwin, starting_weights
from training.tasks.architecture import architecture
from training.tasks.create import create_task
from zoo.models import families
from zoo.network import multiply_adds
from zoo.upsampling import subpixel_to_transpose

SHAPE = (28, 28, 1)


def asked(family="ae", **options):
    return check_request(families(), family, **options)


def test_the_budget_is_the_recipes_own_unless_given():
    assert asked().recipe().steps == asked().recipe().compare_steps == 3000
    assert asked(settings={"steps": 7}).recipe().steps == 7
    assert asked("espcn", scale=3).name == "espcn_x3"
    assert asked("vae").recipe().variational.likelihood_draws == 50
    assert asked("vae", settings={"likelihood_draws": 500}).recipe().variational.likelihood_draws == 500


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "aee"}, r"no family 'aee' with up-samplers \(did you mean ae, vae\?\)"),
        ({"family": "espcn"}, "espcn enlarges by a scale; give SCALE=2 or 3 or 4"),
        ({"family": "espcn", "scale": 5}, "espcn has no scale 5"),
        ({"scale": 3}, "leave SCALE out"),
        ({"upsamplers": "subpixel"}, "needs two or more of subpixel, transpose, transpose_2r, resize"),
        ({"upsamplers": "subpixel,transpse"}, r"'transpse' is not one of .* \(did you mean transpose"),
        ({"seeds": 0}, "seeds=0 must be at least 1"),
        ({"fairness": "unfair"}, "'unfair' is not one of own, mapped, cost"),
        ({"fairness": "mapped", "upsamplers": "subpixel,resize"}, "both must be among the up-samplers"),
        ({"settings": {"steps": -1}}, "steps=-1 must be greater than 0"),
        ({"settings": {"bacth": 1}}, "did you mean batch"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        asked(**options)


def test_twins_of_their_own_initialisers():
    contestants, pairs = plan_twins(asked(), SHAPE)
    assert [twin.model for twin in contestants] == ["ae_subpixel", "ae_transpose", "ae_transpose_2r", "ae_resize"]
    assert all(twin.init is None and not twin.settings for twin in contestants)
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("own/subpixel", f"own/{name}") for name in ("transpose", "transpose_2r", "resize")
    ]


def test_a_mapped_twin_starts_as_the_function_that_its_twin_is():
    plan = asked(fairness="mapped", settings={"model.filters": 3})
    contestants, pairs = plan_twins(plan, SHAPE)
    assert [twin.key for twin in contestants] == ["mapped/transpose", "own/subpixel", "own/transpose"]
    assert {pair.shows for pair in pairs} == {"the layer alone", "the initialiser alone"}
    training = plan.training(contestants[0], 5, "glyphs")
    assert isinstance(training, TrainingRequest)
    arguments = architecture(training.model, training.recipe, SHAPE).arguments
    model, twin = (zoo.create_model(name, **arguments) for name in ("ae_transpose", "ae_subpixel"))
    FreshTwin(training.init, training.model, arguments, training.seed).apply(model)
    # The twin of that seed, made as a training makes it.
    import keras

    keras.utils.set_random_seed(5)
    twin = zoo.create_model("ae_subpixel", **arguments)
    picture = np.random.default_rng(0).random((2, *SHAPE), np.float32)
    np.testing.assert_allclose(model(picture), twin(picture), atol=1e-6)
    kernels = [network.get_layer("decoder").get_layer("up1").get_weights()[0] for network in (twin, model)]
    np.testing.assert_array_equal(subpixel_to_transpose(kernels[0], 2), kernels[1])
    with pytest.raises(InputError, match="espcn_x3_subpixel is no twin of ae_transpose"):
        FreshTwin("fresh:espcn_x3_subpixel", training.model, arguments, 5)


def test_a_kernel_of_its_papers_own_has_no_map():
    with pytest.raises(InputError, match="fairness=mapped is not possible for fsrcnn_x2"):
        plan_twins(asked("fsrcnn", scale=2, fairness="mapped"), SHAPE)


def test_widths_bring_the_work_within_two_percent():
    plan = asked(fairness="cost")
    contestants, pairs = plan_twins(plan, SHAPE)
    assert len(contestants) == 4
    assert len(pairs) == 3
    work = {
        twin.key: multiply_adds(
            zoo.create_model(twin.model, **{name.partition(".")[2]: value for name, value in twin.settings.items()})
        )
        for twin in contestants
    }
    reference = work["cost/subpixel"]
    assert all(abs(amount / reference - 1) <= 0.02 for amount in work.values())
    # Without the adjustment the field's habit does a third less.
    assert multiply_adds_of(plan, "transpose_2r", {}, SHAPE) < 0.7 * multiply_adds_of(plan, "subpixel", {}, SHAPE)


def test_a_family_without_widths_is_refused():
    plan = asked(fairness="cost")
    entry = dataclasses.replace(plan.family, build=lambda upsampler, *, image_shape=SHAPE: None)
    with pytest.raises(InputError, match="no argument for its number of channels"):
        plan_twins(dataclasses.replace(plan, family=entry), SHAPE)


def test_a_mapped_generator_learns_from_the_discriminator_that_its_twin_learns_from():
    plan = asked("dcgan", fairness="mapped", settings={"model.filters": 2})
    mapped, own, _ = plan_twins(plan, SHAPE)[0]
    networks = []
    for twin in (mapped, own):
        training = plan.training(twin, 5, "glyphs")
        networks_of_twin = architecture(training.model, training.recipe, SHAPE)
        start = starting_weights(training.init, training.model, networks_of_twin.arguments, 5)
        task = create_task(networks_of_twin, training.recipe, seed=5, start=start)
        networks.append(task.networks["discriminator"].get_weights())
    for one, other in zip(*networks, strict=True):
        np.testing.assert_array_equal(one, other)
