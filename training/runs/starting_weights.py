"""Start a model from another's weights: the same architecture, a twin through the equivalence, another scale."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from training.errors import InputError
from training.runs.folder import find_saved_model
from zoo.models import build_model, parse_name
from zoo.names import PublishedName
from zoo.pretrained.index import CARD
from zoo.pretrained.load import set_saved_weights
from zoo.registry import ModelName
from zoo.system.files import sha256

if TYPE_CHECKING:
    import keras

FRESH = "fresh:"

# Layers with this prefix depend on the scale. A model of another scale keeps its own initial weights for them.
HEAD = "head"


class StartingWeights(Protocol):
    """Provide the weights that a model starts from in place of its initialisers'.

    Attributes:
        name: where they come from, as the user gave it.
        fingerprint: a text that changes when the weights do.
        legs: the trainings that led to them, the first one first, as cards list them.
    """

    name: str
    fingerprint: str
    legs: list[dict[str, Any]]

    def apply(self, model: "keras.Model") -> None:
        """Copy the weights into a model.

        Raises:
            InputError: they do not fit.
        """


class TrainedWeights:
    """Read the weights of a published model or of a finished run.

    Args:
        origin: a published name, or a run's folder.
        target: the name of the model that is to start from it.

    Raises:
        InputError: there is no such model, the run is not finished, a published file was changed, or the model is of
            another family.
    """

    def __init__(self, origin: str, target: ModelName) -> None:
        self.name = origin
        try:
            self._saved_model = find_saved_model(origin)
        except ValueError as error:
            raise InputError(f"INIT={origin}: {error}") from error
        self._card: dict[str, Any] = json.loads((self._saved_model / CARD).read_text())
        self.legs = trainings(self._card)
        self.fingerprint = sha256(self._saved_model / "variables" / "variables.data-00000-of-00001")
        model = parse_name(self._model_name())
        if model.family.name != target.family.name:
            raise InputError(
                f"INIT={origin} is a model of family {model.family.name}, {target} is of {target.family.name}"
            )
        self._other_scale = model.scale != target.scale

    def apply(self, model: "keras.Model") -> None:
        """Copy the weights into a model.

        Layers are matched by name; between scales the head keeps its own first weights. Where one side has a sub-pixel
        convolution and the other its Conv2DTranspose twin, the kernel goes through the equivalence.

        Raises:
            InputError: a layer has no counterpart, or another shape.
        """
        origin = build_model(self._model_name(), **self._card["model_arguments"])
        set_saved_weights(origin, self._saved_model)
        _copy(origin, model, self.name, without_head=self._other_scale)

    def _model_name(self) -> str:
        return PublishedName.parse(self._card["name"]).model


class FreshTwin:
    """Draw the initial weights of a twin with the run's own seed, so that both twins start as one function.

    Args:
        origin: `fresh:<model name>`.
        target: the name of the trained model.
        arguments: the arguments of the trained model.
        seed: of the run.

    Raises:
        InputError: the name is no twin of the trained model.
    """

    def __init__(self, origin: str, target: ModelName, arguments: Mapping[str, Any], seed: int) -> None:
        self.name = self.fingerprint = origin
        self.legs: list[dict[str, Any]] = []
        self._twin = parse_name(origin.removeprefix(FRESH))
        self._seed, self._arguments = seed, arguments
        if dataclasses.replace(self._twin, upsampler=None) != dataclasses.replace(target, upsampler=None):
            raise InputError(f"INIT={origin}: {self._twin} is no twin of {target}; only the up-sampler may differ")

    def apply(self, model: "keras.Model") -> None:
        """Copy the twin's initial weights into a model.

        Raises:
            InputError: the twin's layers have no counterpart in the model.
        """
        import keras

        keras.utils.set_random_seed(self._seed)
        _copy(build_model(str(self._twin), **self._arguments), model, self.name, without_head=False)


def starting_weights(
    init: str | None, target: ModelName, arguments: Mapping[str, Any], seed: int
) -> StartingWeights | None:
    """Return where the weights of a training start, or None for its own initialisers.

    Args:
        init: a published name, a run's folder, `fresh:<twin>`, or None.
        target: the name of the trained model.
        arguments: the arguments of the trained model.
        seed: of the run.

    Raises:
        InputError: there is no such model, or its weights do not fit the trained model.
    """
    if not init:
        return None
    if init.startswith(FRESH):
        return FreshTwin(init, target, arguments, seed)
    return TrainedWeights(init, target)


def trainings(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the trainings that led to a model, from its card: those before it and its own."""
    return [*card.get("legs", []), {key: card.get(key) for key in ("command", "source", "steps", "commit", "device")}]


def _copy(origin: "keras.Model", target: "keras.Model", name: str, without_head: bool) -> None:
    import keras

    from zoo.layers.collapsible_conv2d import CollapsibleConv2D

    layers = {layer.name: layer for layer in origin.layers}
    for layer in target.layers:
        source = layers.get(layer.name)
        if isinstance(layer, keras.Model) and isinstance(source, keras.Model):
            _copy(source, layer, name, without_head)
        elif without_head and layer.name.startswith(HEAD):
            continue
        elif isinstance(layer, CollapsibleConv2D) and isinstance(source, keras.layers.Conv2D):
            try:
                layer.uncollapse(*source.get_weights())
            except ValueError as error:
                raise InputError(f"INIT={name}: {error}") from error
        elif layer.weights:
            if source is None:
                raise InputError(f"INIT={name} has no layer {layer.name}")
            values = _converted(source, layer)
            shapes = [tuple(weight.shape) for weight in layer.weights]
            if values is None or [value.shape for value in values] != shapes:
                raise InputError(
                    f"INIT={name}: {layer.name} is a {type(source).__name__} of {[w.shape for w in source.weights]}, "
                    f"which cannot start a {type(layer).__name__} of {shapes}; use the same model arguments and, "
                    "between up-samplers, subpixel and transpose"
                )
            layer.set_weights(values)


def _converted(source: "keras.layers.Layer", target: "keras.layers.Layer") -> list[np.ndarray] | None:
    """Return the source's weights in the target's layout, or None if there is no map between the two."""
    from zoo.upsampling import converted_weights

    return converted_weights(source, target)
