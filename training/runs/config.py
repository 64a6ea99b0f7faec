"""What a run is: the arguments of its networks, its identity, and the configuration that is written beside it."""

import dataclasses
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

    from training.data import Source
    from training.runs.starting_weights import FreshTwin, Initial
    from training.train import Order

# What a run id does not depend on, because it does not change what the run learns.
_BESIDE = ("keep", "checkpoint_minutes", "compare_steps", "likelihood_draws")


def model_arguments(
    order: "Order", image_shape: tuple[int, int, int], classes: int = 0
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of the network that is trained, and of the one that is published."""
    accepted = order.model.family.arguments
    arguments = dict(order.recipe.model)
    if "image_shape" in accepted:
        arguments.setdefault("image_shape", list(image_shape))
    if "classes" in accepted and classes:
        arguments.setdefault("classes", classes)
    return arguments, arguments | ({"collapsed": True} if "collapsed" in accepted else {})


def identity(order: "Order", source: "Source", initial: "Initial | FreshTwin | None" = None) -> dict[str, Any]:
    """What decides, with the seed, what a run learns; its hash is the run's id."""
    return {
        "model": str(order.model),
        "model_arguments": model_arguments(order, source.image_shape, source.classes)[0],
        "recipe": {key: value for key, value in _resolved(order, source).items() if key not in _BESIDE},
        "source": source.fingerprint,
        "init": initial.fingerprint if initial else None,
    }


def run_config(
    order: "Order",
    strategy: "tf.distribute.Strategy",
    source: "Source",
    initial: "Initial | FreshTwin | None",
) -> dict[str, Any]:
    """What `config.json` says: the order as resolved, where the pictures and the first weights come from, versions."""
    from training.publishing.card import train_command

    origin = {"name": initial.name, "fingerprint": initial.fingerprint, "legs": initial.legs} if initial else None
    return {
        "identity": identity(order, source, initial),
        "model": str(order.model),
        "model_arguments": model_arguments(order, source.image_shape, source.classes)[1],
        "recipe": _resolved(order, source),
        "seed": order.seed,
        "source": {
            "name": source.name,
            "asked_for": order.recipe.source,
            "reason": source.reason,
            "fingerprint": source.fingerprint,
            "split": "train less its validation part",
        },
        "init": origin,
        "strategy": {
            "name": order.strategy,
            "replicas": int(strategy.num_replicas_in_sync),
            "jit": order.jit,
        },
        "command": train_command(str(order.model), source.name, order.seed, order.init, order.settings),
        "commit": _commit(),
        "versions": _versions(),
    }


def _resolved(order: "Order", source: "Source") -> dict[str, Any]:
    """The recipe with the source that was chosen."""
    return dataclasses.asdict(order.recipe) | {"source": source.name, "model": dict(order.recipe.model)}


def _versions() -> dict[str, str]:
    import keras
    import numpy as np
    import tensorflow as tf

    modules = {"tensorflow": tf, "keras": keras, "numpy": np}
    return {"python": platform.python_version(), **{name: module.__version__ for name, module in modules.items()}}


def _commit() -> str | None:
    """The commit of the checkout that this file is in, with `+` where the code has other changes; None elsewhere."""
    here = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        tracked = git("ls-files", "--error-unmatch", Path(__file__).name)
        changed = git("status", "--porcelain", "--", "../zoo", ".", "../requirements.txt")
        return git("rev-parse", "HEAD") + ("+" if changed else "") if tracked else None
    except (OSError, subprocess.CalledProcessError):
        return None
