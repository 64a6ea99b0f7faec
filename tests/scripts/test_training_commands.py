"""Test that every command of docs/training-commands.md asks for something that exists and fits."""

import re
import shlex
from pathlib import Path

from training.compare.plan import check_request
from training.publishing.publish import MODEL_LIMIT
from training.recipes import parse_overrides, recipe_for
from training.tasks.architecture import architecture
from training.tasks.super_resolution.degradation import parse_degradation
from zoo.models import build_model, families, parse_name
from zoo.pretrained.index import PUBLISHED_NAME

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "training-commands.md").read_text()
COMMANDS = [shlex.split(line) for line in re.findall(r"^    make (.*)$", PAGE, re.MULTILINE)]
SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}


def variables(words):
    return dict(word.split("=", 1) for word in words)


def of_target(target):
    return [variables(words) for name, *words in COMMANDS if name == target]


def networks(given):
    """Return the networks that a command trains and exports."""
    name = parse_name(given["MODEL"])
    settings = parse_overrides(given.get("SET", "").split())
    if "STEPS" in given:
        settings["steps"] = int(given["STEPS"])
    recipe = recipe_for(name.family, given.get("DATA"), settings, variant=given.get("RECIPE"))
    return architecture(name, recipe, SHAPES.get(given.get("DATA"), (28, 28, 1)), 10)


def test_makes_variables_are_known():
    makefile = (ROOT / "Makefile").read_text()
    assert {name for name, *_ in COMMANDS} == {"train", "compare", "evaluate", "publish"}
    for target, *words in COMMANDS:
        rules = re.search(rf"^{target}: ready\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
        for name in variables(words):
            assert f"$({name})" in rules, (target, name)


def test_what_is_trained_exists_and_is_small_enough_to_publish():
    trained = [networks(given) for given in of_target("train")]
    assert {each.model.family.name for each in trained} >= {"espcn", "fsrcnn", "sesr", "span", "features", "sngan"}
    for each in trained:
        parameters = build_model(str(each.model), **each.published_arguments).count_params()
        assert 4 * parameters < 0.9 * MODEL_LIMIT, each.model
    for given in of_target("train"):
        if "INIT" in given:
            assert parse_name(given["INIT"]).family == parse_name(given["MODEL"]).family


def test_comparisons_are_possible():
    for given in of_target("compare"):
        request = check_request(
            families(),
            given["FAMILY"],
            scale=int(given["SCALE"]) if "SCALE" in given else None,
            seeds=int(given["SEEDS"]),
            fairness=given["FAIRNESS"],
            data=given["DATA"],
            settings={"steps": int(given["STEPS"])},
        )
        assert (request.seeds, request.recipe().steps) == (5, int(given["STEPS"]))


def test_runs_are_evaluated_and_published_under_the_names_of_the_page():
    for given in of_target("publish"):
        model = given["RUN"].split("/")[1]
        name = f"{model}.{given['TAG']}" if "TAG" in given else model
        assert PUBLISHED_NAME.fullmatch(name)
        assert f"`{name}" in PAGE
    for given in of_target("evaluate"):
        parse_degradation(given.get("DEGRADATION"))
        assert given["MODEL"].startswith("runs/")
