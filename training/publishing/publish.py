"""Verify a run's SavedModel and copy it to `saved_models/`, list it in the index, and export published ones again."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from training.data import open_source
from training.errors import InputError, RunError
from training.publishing.card import card, measured_parts, metric_facts
from training.publishing.saved_model import export
from training.recipes import RECIPES, VARIANTS, first_source
from training.runs.evaluations import EvaluationOptions, read_evaluations
from training.runs.folder import Run, find_saved_model
from training.tasks import kind_of
from zoo.models import build_model, families, parse_name
from zoo.names import LIST_PUBLISHED, PublishedName, remedy
from zoo.pretrained.index import CARD, INDEX, PUBLISHED_NAME, SCHEMA, read_index
from zoo.pretrained.load import set_saved_weights, verify_files
from zoo.system.files import appears_whole, sha256, walk, write_json
from zoo.system.whole_digits import whole_digits

MODEL_LIMIT, TOTAL_LIMIT = 8_000_000, 90_000_000
SAVED_MODELS = Path("saved_models")
LARGEST_DIFFERENCE = 1e-5
"""The largest difference of outputs that counts as rounding."""


def published_name(config: Mapping[str, Any], family: str, tag: str | None = None) -> str:
    """Return the name of the model of a run.

    It is the model's own for the first source of its recipe or of a variant of it, and `<model>.<source>` for another.

    Args:
        config: of the run.
        family: of the model.
        tag: takes the place of the source, as in `<model>.<tag>`.

    Raises:
        InputError: the tag, or the source's name, cannot be part of a file name, as a folder's cannot.
    """
    source = config["source"]["name"]
    name = config["model"]
    recipes = [RECIPES[family].source, *(changes[family].get("source", "") for changes in VARIANTS.values())]
    if tag is not None:
        name += f".{tag}"
        if not PUBLISHED_NAME.fullmatch(name):
            raise InputError(f"tag={tag!r} cannot be part of a name; take letters a-z, digits and _, such as photo")
    elif source not in map(first_source, recipes):
        name += f".{source}"
    if not PUBLISHED_NAME.fullmatch(name):
        raise InputError(f"a model trained on {source} has no name to be published under; train on a named source")
    return name


def publish(run_folder: Path, *, tag: str | None = None, force: bool = False, folder: Path = SAVED_MODELS) -> Path:
    """Copy a run's SavedModel, verified, and list its files in the index.

    Args:
        run_folder: `runs/<model>/<run id>`; all its evaluations go onto the card.
        tag: of the published name, which is `<model>.<tag>`; by default the source decides the name.
        force: replace a model that is published under the same name.
        folder: of published models.

    Raises:
        InputError: not a finished run, a name that is taken, or a model that is too large.
        RunError: the SavedModel does not compute what the model computes.
    """
    saved_model = find_saved_model(f"{run_folder}/")
    run = Run(run_folder)
    config = run.config()
    facts = card(config, read_evaluations(run_folder), run.speed())
    name = published_name(config, facts["family"], tag)
    index = _index(folder)
    if name in index and not force:
        raise InputError(f"{folder / name} is published already; replace it with FORCE=1")
    _check_outputs(saved_model, facts)
    _check_size(saved_model, name, index, folder)

    folder.mkdir(parents=True, exist_ok=True)
    facts["name"] = name
    with appears_whole(folder / name) as temporary:
        shutil.copytree(saved_model, temporary)
        write_json(temporary / CARD, facts)
    return _listed(name, folder)


def refresh(name: str, *, folder: Path = SAVED_MODELS) -> Path:
    """Export a published model again: today's endpoints, the same weights bit for bit.

    The card stays as it is; but if the endpoint that is checked returns something else than before, the model is
    evaluated again on the sources of its card.

    Args:
        name: of the published model.
        folder: of published models.

    Raises:
        InputError: nothing is published under that name, the model has become too large, or a source of its card is
            needed and cannot be had.
        RunError: the new SavedModel has other weights, or does not compute what the model computes.
        VerificationError: a published file differs from the index.
    """
    index = _index(folder)
    if name not in index:
        raise InputError(f"{name} is not published in {folder}{remedy(name, index, LIST_PUBLISHED)}")
    verify_files(folder / name, index[name]["files"])
    facts = json.loads((folder / name / CARD).read_text())
    weights = _weights(folder / name, facts)
    with appears_whole(folder / name) as temporary:
        export(PublishedName.parse(name).model, facts["model_arguments"], weights, temporary)
        (temporary / CARD).parent.mkdir()
        write_json(temporary / CARD, facts)
        if any(a.tobytes() != b.tobytes() for a, b in zip(weights, _weights(temporary, facts), strict=True)):
            raise RunError(f"exported anew, {name} has other weights than {folder / name}")
        _check_outputs(temporary, facts)
        _check_size(temporary, name, index, folder)
        if _differ(folder / name, temporary, facts):
            write_json(temporary / CARD, facts | {"metrics": _measured_again(temporary, facts)})
    return _listed(name, folder)


@whole_digits()
def _differ(one: Path, other: Path, facts: Mapping[str, Any]) -> bool:
    """Return whether two SavedModels of one name return different outputs for one input."""
    outputs = []
    for folder in (one, other):
        endpoint, name, output = _endpoint(tf.saved_model.load(str(folder)), facts)
        outputs.append(endpoint(**{name: tf.constant(_random_input(facts, batch=1))})[output])
    return not float(tf.reduce_max(tf.abs(outputs[0] - outputs[1]))) <= LARGEST_DIFFERENCE


def _measured_again(saved_model: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    model = parse_name(PublishedName.parse(facts["name"]).model)
    kind = kind_of(model.family)
    return metric_facts(
        [
            kind.evaluate(
                saved_model, model, open_source(source), part, EvaluationOptions(degradation=degradation)
            ).facts()
            for source, part, degradation in measured_parts(facts)
        ]
    )


def _weights(saved_model: Path, facts: Mapping[str, Any]) -> list[np.ndarray]:
    model = build_model(PublishedName.parse(facts["name"]).model, **facts["model_arguments"])
    set_saved_weights(model, saved_model)
    return model.get_weights()


def _index(folder: Path) -> dict[str, Any]:
    return read_index(folder) if (folder / INDEX).is_file() else {}


def _listed(name: str, folder: Path) -> Path:
    """List a model's files in the index; return the model's folder."""
    model = folder / name
    # Read the index again, because another model may have been published meanwhile.
    index = _index(folder)
    index[name] = {"files": {path.relative_to(model).as_posix(): sha256(path) for path in sorted(walk(model))}}
    write_json(folder / INDEX, {"schema": SCHEMA, "models": dict(sorted(index.items()))})
    return model


@whole_digits()
def _check_outputs(saved_model: Path, facts: Mapping[str, Any]) -> None:
    """Raise `RunError` unless an endpoint returns what the model returns, at batch sizes 1 and 7."""
    loaded = tf.saved_model.load(str(saved_model))
    model = build_model(PublishedName.parse(facts["name"]).model, **facts["model_arguments"])
    set_saved_weights(model, saved_model)
    endpoint, name, output = _endpoint(loaded, facts)
    of_model = kind_of(families()[facts["family"]]).served.of_model
    for batch in (1, 7):
        values = tf.constant(_random_input(facts, batch))
        difference = float(tf.reduce_max(tf.abs(endpoint(**{name: values})[output] - of_model(model, values))))
        if not difference <= LARGEST_DIFFERENCE:
            raise RunError(f"{saved_model} differs from its model by {difference} for a batch of {batch}")


def _endpoint(loaded: Any, facts: Mapping[str, Any]) -> tuple[Any, str, str]:
    """Return the endpoint to check of a SavedModel, the name of its input and that of its output."""
    served = kind_of(families()[facts["family"]]).served
    endpoint = loaded.signatures[next(name for name in served.endpoints if name in loaded.signatures)]
    (name,) = endpoint.structured_input_signature[1]
    return endpoint, name, served.output


def _random_input(facts: Mapping[str, Any], batch: int) -> np.ndarray:
    # Use 13 where any size is allowed: powers of two could hide an error at the borders.
    shape = [size or 13 for size in facts["input"]["shape"][1:]]
    return np.random.default_rng(batch).random((batch, *shape), np.float32)


def _check_size(saved_model: Path, name: str, index: Mapping[str, Any], folder: Path) -> None:
    size = sum(path.stat().st_size for path in walk(saved_model))
    others = (folder / other for other in index if other != name)
    total = size + sum(path.stat().st_size for other in others for path in walk(other))
    if size > MODEL_LIMIT:
        raise InputError(f"{saved_model} has {size:,} bytes; published models have at most {MODEL_LIMIT:,}")
    if total > TOTAL_LIMIT:
        raise InputError(f"{folder} would hold {total:,} bytes; it holds at most {TOTAL_LIMIT:,}: remove a model first")
