"""The facts of a trained model, and the commands that lead to it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from zoo.models import build_model, parse_name
from zoo.pretrained import SCHEMA

LICENCE = "MIT"


def card(config: Mapping[str, Any], evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The card of a run's model.

    Args:
        config: the run's configuration.
        evaluations: what `Evaluation.facts` says of each evaluation, the main one first.
    """
    from zoo.metrics import multiply_adds

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
            metrics[name if name not in metrics else f"{name}.{evaluation['source']}"] = fact
    return {
        "schema": SCHEMA,
        "name": config["model"],
        "family": parts.family.name,
        "upsampler": parts.upsampler,
        "scale": parts.scale,
        "model_arguments": config["model_arguments"],
        "input": {"shape": [None, *shape], "range": [0.0, 1.0], "multiple_of": 1, "minimum": shape[0]},
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model),
        "source": config["source"]["name"],
        "split": config["source"]["split"],
        "command": config["command"],
        "seed": config["seed"],
        "steps": config["recipe"]["steps"],
        "commit": config["commit"],
        "metrics": metrics,
        "licence": LICENCE,
        "citation": parts.family.citation,
        "notes": config["notes"],
    }


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
