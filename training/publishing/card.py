"""The facts of a trained model, and the commands that lead to it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zoo.models import build_model, parse_name
from zoo.pretrained.index import SCHEMA
from zoo.registry import ModelName

if TYPE_CHECKING:
    import keras

LICENCE = "MIT"


def card(
    config: Mapping[str, Any], evaluations: Sequence[Mapping[str, Any]], speed: Mapping[str, Any]
) -> dict[str, Any]:
    """The card of a run's model.

    Args:
        config: the run's configuration.
        evaluations: what `Evaluation.facts` says of each evaluation, the main one first.
        speed: `examples_per_second` and `cores_used` of the training.
    """
    from zoo.network import executed_multiply_adds

    parts = parse_name(config["model"])
    model = build_model(config["model"], **config["model_arguments"])
    shape = list(model.input_shape[1:])
    metrics: dict[str, Any] = {}
    for evaluation in evaluations:
        for name, value in evaluation["metrics"].items():
            fact = {
                "value": value,
                "source": evaluation["source"],
                "protocol": f"{evaluation['split']}, {evaluation['pictures']} pictures, {evaluation['protocol']}",
            }
            if name in evaluation.get("standard_errors", {}):
                fact["standard_error"] = evaluation["standard_errors"][name]
            metrics[name if name not in metrics else f"{name}.{evaluation['source']}"] = fact
    return {
        "schema": SCHEMA,
        "name": config["model"],
        "family": parts.family.name,
        "upsampler": parts.upsampler,
        "scale": parts.scale,
        "model_arguments": config["model_arguments"],
        "input": {
            "shape": [None, *shape],
            # A generator's latents are standard normal.
            "range": None if parts.family.kind == "generator" else [0.0, 1.0],
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
        "legs": (config["init"] or {}).get("legs", []),
        "speed": dict(speed),
        "metrics": metrics,
        "licence": LICENCE,
        "citation": parts.family.citation,
        "notes": _notes(parts, model, config["model_arguments"]),
    }


def leg(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The trainings that led to a model, from its card: those before it and its own."""
    return [*facts.get("legs", []), {key: facts[key] for key in ("command", "source", "steps", "commit")}]


def _notes(parts: ModelName, model: "keras.Model", arguments: Mapping[str, Any]) -> str:
    """What a user should know of a sub-pixel model whose transposed twin has a kernel of its paper's own."""
    if parts.upsampler != "subpixel" or "transpose" not in parts.family.upsamplers:
        return ""
    twin = build_model(str(replace(parts, upsampler="transpose")), **arguments)
    if twin.count_params() == model.count_params():
        return ""
    return (
        f"{twin.name} has its paper's own kernel, which has fewer taps than this model's: this model can compute all "
        "that its twin can, and more"
    )


def train_command(model: str, source: str, seed: int, init: str | None, settings: Mapping[str, Any]) -> str:
    """The `make train` command that a stranger types for the same run."""
    words = {"MODEL": model, "DATA": source, "SEED": str(seed)}
    words |= {name.upper(): str(settings[name]) for name in ("steps", "precision") if name in settings}
    if init:
        words["INIT"] = init
    others = [
        f"{name}={value}".replace(" ", "") for name, value in settings.items() if name not in ("steps", "precision")
    ]
    if others:
        words["SET"] = " ".join(others)
    return " ".join(["make train", *(f"{key}={shlex.quote(value)}" for key, value in words.items())])
