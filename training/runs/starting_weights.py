"""Start a model from another's weights: the same architecture, a twin through the equivalence, another scale."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from training.errors import InputError
from training.evaluate import find_saved_model
from training.publishing.card import leg
from zoo.models import build_model, parse_name
from zoo.pretrained.load import CARD, set_saved_weights, sha256
from zoo.registry import ModelName

if TYPE_CHECKING:
    import keras

    from training.data import Source
    from training.train import Order

FRESH = "fresh:"

# Layers whose names begin so depend on the scale; another scale starts with its own.
HEAD = "head"


class Initial:
    """Where the first weights come from.

    Args:
        origin: a published name, or a run's folder.

    Attributes:
        name: the origin as given.
        fingerprint: changes when the weights do.
        legs: the trainings that led to the origin, the first one first.

    Raises:
        InputError: there is no such model, the run is not finished, or a published file was changed.
    """

    def __init__(self, origin: str) -> None:
        self.name = origin
        try:
            self._saved_model = find_saved_model(origin)
        except ValueError as error:
            raise InputError(f"INIT={origin}: {error}") from error
        self._card: dict[str, Any] = json.loads((self._saved_model / CARD).read_text())
        self.legs = leg(self._card)
        self._headless = False
        self.fingerprint = sha256(self._saved_model / "variables" / "variables.data-00000-of-00001")

    def check(self, target: ModelName) -> None:
        """Raise InputError where the origin's weights mean nothing to a model of that name."""
        origin = parse_name(self._card["name"].partition(".")[0])
        if origin.family.name != target.family.name:
            raise InputError(
                f"INIT={self.name} is a model of family {origin.family.name}, {target} is of {target.family.name}"
            )
        self._headless = origin.scale != target.scale

    def apply(self, model: "keras.Model") -> None:
        """Give a model the origin's weights.

        Layers are matched by name; between scales the head keeps its own first weights. Where one side has a sub-pixel
        convolution and the other its Conv2DTranspose twin, the kernel goes through the equivalence.

        Raises:
            InputError: a layer has no counterpart, or another shape.
        """
        origin = build_model(self._card["name"].partition(".")[0], **self._card["model_arguments"])
        set_saved_weights(origin, self._saved_model)
        _copy(origin, model, self.name, headless=self._headless)


class FreshTwin:
    """First weights from a twin that is initialised with the run's own seed: two layers, one function to begin with.

    Args:
        order: of the training; its `init` is `fresh:<model name>`.
        arguments: that the trained model is built with.

    Raises:
        InputError: the name is no twin of the trained model.
    """

    def __init__(self, order: "Order", arguments: Mapping[str, Any]) -> None:
        self.name = self.fingerprint = str(order.init)
        self.legs: list[dict[str, Any]] = []
        self._twin = parse_name(self.name.removeprefix(FRESH))
        self._seed, self._arguments = order.seed, arguments
        if dataclasses.replace(self._twin, upsampler=None) != dataclasses.replace(order.model, upsampler=None):
            raise InputError(
                f"INIT={self.name}: {self._twin} is no twin of {order.model}; only the up-sampler may differ"
            )

    def apply(self, model: "keras.Model") -> None:
        """Give a model the twin's first weights.

        Raises:
            InputError: the twin's layers have no counterpart in the model.
        """
        import keras

        keras.utils.set_random_seed(self._seed)
        _copy(build_model(str(self._twin), **self._arguments), model, self.name, headless=False)


def first_weights(order: "Order", source: "Source") -> Initial | FreshTwin | None:
    """Where the weights of a training start, or None for its own initialisers.

    Raises:
        InputError: there is no such model, or its weights mean nothing to the one that is trained.
    """
    if not order.init:
        return None
    if order.init.startswith(FRESH):
        from training.runs.config import model_arguments

        return FreshTwin(order, model_arguments(order, source.image_shape)[0])
    initial = Initial(order.init)
    initial.check(order.model)
    return initial


def _copy(origin: "keras.Model", target: "keras.Model", name: str, headless: bool) -> None:
    import keras

    from zoo.layers.collapsible_conv2d import CollapsibleConv2D

    layers = {layer.name: layer for layer in origin.layers}
    for layer in target.layers:
        source = layers.get(layer.name)
        if isinstance(layer, keras.Model) and isinstance(source, keras.Model):
            _copy(source, layer, name, headless)
        elif headless and layer.name.startswith(HEAD):
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
    """The source's weights in the target's layout, or None where there is no map."""
    from keras.layers import Conv2DTranspose

    from zoo.upsampling import SubpixelConv2D, TransposeFrame, subpixel_to_transpose, transpose_to_subpixel

    kernel, *bias = source.get_weights() or [np.zeros(0)]
    try:
        if isinstance(source, SubpixelConv2D) and isinstance(target, Conv2DTranspose):
            twin = subpixel_to_transpose(kernel, target.strides, source.padding, kernel_size=target.kernel_size)
            fits = twin.frame == TransposeFrame(target.padding, target.output_padding)
            return [twin, *bias] if fits else None
        if isinstance(source, Conv2DTranspose) and isinstance(target, SubpixelConv2D):
            mapped = transpose_to_subpixel(kernel, target.scale, source.padding, source.output_padding)
            return [mapped, *bias] if mapped.frame.padding == target.padding else None
    except ValueError:
        return None
    return source.get_weights() if type(source) is type(target) else None
