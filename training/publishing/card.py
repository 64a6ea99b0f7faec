"""Write down the facts about a trained model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from training.tasks import kind_of
from zoo.models import build_model, parse_name
from zoo.network import executed_multiply_adds
from zoo.pretrained.index import SCHEMA
from zoo.registry import ModelName

LICENCE = "MIT"


def card(
    config: Mapping[str, Any], evaluations: Sequence[Mapping[str, Any]], speed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the card of a run's model.

    Args:
        config: the run's configuration.
        evaluations: `Evaluation.facts` of each evaluation, the main one first.
        speed: `examples_per_second` and `cores_used` of the training.
    """
    parts = parse_name(config["model"])
    kind = kind_of(parts.family)
    model = build_model(config["model"], **config["model_arguments"])
    shape = list(model.input_shape[1:])
    return {
        "schema": SCHEMA,
        "name": config["model"],
        "family": parts.family.name,
        "upsampler": parts.upsampler,
        "scale": parts.scale,
        "model_arguments": config["model_arguments"],
        "input": {
            "shape": [None, *shape],
            "range": kind.input_range and list(kind.input_range),
            "multiple_of": 1,
            "minimum": shape[0] or 1,
        },
        "parameters": model.count_params(),
        "multiply_adds": executed_multiply_adds(model, parts.scale),
        "source": config["source"]["name"],
        "split": config["source"]["split"],
        "command": config["command"],
        "seed": config["seed"],
        "steps": config["recipe"]["steps"],
        "commit": config["commit"],
        # Runs did not always note it.
        "device": config["strategy"].get("device"),
        "legs": (config["init"] or {}).get("legs", []),
        "speed": dict(speed),
        "metrics": metric_facts(evaluations),
        "licence": LICENCE,
        "citation": parts.family.citation,
        "notes": _notes(parts, model, config["model_arguments"]),
    }


def metric_facts(evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a card's metrics: those of the first evaluation by their names, others as `<name>.<source>`.

    The metrics of degraded pictures are `<name>.<source>.<degradation>`.

    Args:
        evaluations: `Evaluation.facts` of each evaluation, the main one first.
    """
    metrics: dict[str, Any] = {}
    for evaluation in evaluations:
        degradation = evaluation.get("degradation", "")
        for name, value in evaluation["metrics"].items():
            fact = {
                "value": value,
                "source": evaluation["source"],
                "protocol": f"{evaluation['split']}, {evaluation['pictures']} pictures, {evaluation['protocol']}",
            }
            if name in evaluation.get("standard_errors", {}):
                fact["standard_error"] = evaluation["standard_errors"][name]
            if degradation:
                fact["degradation"] = degradation
            other = ".".join(filter(None, (name, evaluation["source"], degradation)))
            metrics[other if degradation or name in metrics else name] = fact
    return metrics


def measured_parts(facts: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    """Return the source, the part and the degradation of each evaluation on a card, in their order."""
    places = [
        (fact["source"], fact["protocol"].partition(",")[0], fact.get("degradation"))
        for fact in facts["metrics"].values()
    ]
    return list(dict.fromkeys(places))


def _notes(parts: ModelName, model: keras.Model, arguments: Mapping[str, Any]) -> str:
    """Return a note on a sub-pixel model whose transposed twin has its paper's smaller kernel, else nothing."""
    if parts.upsampler != "subpixel" or "transpose" not in parts.family.upsamplers:
        return ""
    twin = build_model(str(replace(parts, upsampler="transpose")), **arguments)
    if twin.count_params() == model.count_params():
        return ""
    return (
        f"{twin.name} has its paper's own kernel, which has fewer taps than this model's: this model can compute all "
        "that its twin can, and more"
    )
