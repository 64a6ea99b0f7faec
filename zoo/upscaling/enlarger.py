"""Turn a network, or bicubic interpolation, into a function that enlarges a window of a picture."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.command_line import CommandError
from zoo.names import LIST_PUBLISHED
from zoo.pretrained.load import card, create_model, locate, published_names
from zoo.registry import UnknownNameError
from zoo.system.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from zoo.arrays import Array

BICUBIC_HALO = 2
MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
_BICUBIC = re.compile(r"bicubic_x([2-9])")

Enlargement = Callable[["Array"], "Array"]


@dataclass(frozen=True)
class Enlarger:
    """Enlarge windows of pictures: uint8, uint16 in 0..65535 or float32 in 0..1, `[h, w, 1 or 3]`, grey or RGB.

    Attributes:
        scale: the factor of the enlargement.
        halo: number of pixels on each side of a pixel of the window that its enlargement depends on; None if that is
            the whole picture.
        largest_map: values of the largest intermediate result per pixel of the window.
        run: maps `[h, w, c]` to `[scale * h, scale * w, c]` of the same type.
        note: a sentence about what was assumed of the network or cannot be done with it; empty if there is nothing.
    """

    scale: int
    halo: int | None
    largest_map: int
    run: Enlargement
    note: str = ""


def bicubic_scale(name: str) -> int | None:
    """Return the factor of `bicubic_x2` to `bicubic_x9`, a baseline named like a model; None for any other name."""
    match = _BICUBIC.fullmatch(name)
    return int(match[1]) if match else None


def check_name(name: str) -> int:
    """Return the scale of a published model or of `bicubic_x<n>`, without loading TensorFlow.

    Raises:
        UnknownNameError: the name is neither a published model nor `bicubic_x<n>`, or the model does not enlarge
            pictures.
        VerificationError: the model's card differs from the published one.
    """
    scale = bicubic_scale(name)
    if scale is None:
        locate(name)
        scale = card(name)["scale"]
    if scale is None:
        enlarging = sorted({each.partition("_x")[0] for each in published_names() if card(each)["scale"]})
        raise UnknownNameError(
            f"{name} does not enlarge pictures; bicubic_x2 to bicubic_x9 and published models of "
            f"{', '.join(enlarging) or 'no family'} do: {LIST_PUBLISHED}"
        )
    return scale


def check_model_file(model: str) -> Path:
    """Return the path of a `.keras` or `.h5` file, without loading TensorFlow.

    Raises:
        CommandError: there is no such file. It is a `ValueError`.
    """
    path = Path(model)
    if not path.is_file():
        raise CommandError(f"{model} is not a file")
    return path


def is_model_file(model: str) -> bool:
    """Return whether a string is the path of a file that Keras saved, and not a name."""
    return model.endswith(MODEL_SUFFIXES)


def create_enlarger(model: "str | keras.Model", modules: Sequence[str] = ()) -> Enlarger:
    """Return the enlarger of a published name, of `bicubic_x<n>`, of a network, or of the file of one.

    Args:
        model: a name; the path of a `.keras` or `.h5` file, which is loaded in Keras's safe mode; or a functional model
            on luma `[b, h, w, 1]` or RGB `[b, h, w, 3]` in 0..1, of any height and width.
        modules: names of modules that define custom layers of a file, to import before it is loaded.

    Raises:
        UnknownNameError: as for `check_name`.
        VerificationError: a published file differs from the index.
        CommandError: the file cannot be loaded. It is a `ValueError`.
        ValueError: the network does not take such pictures.
        MissingTensorFlowError: TensorFlow is not installed.
    """
    import_tensorflow()
    is_own = not isinstance(model, str) or is_model_file(model)
    if isinstance(model, str) and is_model_file(model):
        from zoo.convert.loading import load_model

        path = check_model_file(model)
        model = load_model(path, modules)
        model.name = path.name
    elif isinstance(model, str):
        scale = check_name(model)
        if bicubic_scale(model):
            return bicubic(scale)
        model = create_model(model, pretrained=True)
    return _network(model, is_own)


def bicubic(scale: int) -> Enlarger:
    """Return an enlarger that interpolates bicubically, for any number of channels."""
    import tensorflow as tf

    from zoo.imaging import enlarge

    # Compute in the picture's own units: in those, 8-bit values at the borders and in flat areas stay exact.
    def enlarged(window: tf.Tensor) -> tf.Tensor:
        peak = window.dtype.max if window.dtype.is_integer else 1.0
        large = tf.clip_by_value(enlarge(tf.cast(window, tf.float32), scale), 0.0, float(peak))
        return tf.cast(tf.round(large) if window.dtype.is_integer else large, window.dtype)

    return Enlarger(scale, BICUBIC_HALO, 4 * scale**2, _of_windows(enlarged))


def _network(model: "keras.Model", is_own: bool) -> Enlarger:
    import tensorflow as tf

    from zoo.network import field_of
    from zoo.upscaling.picture_network import PictureNetwork

    if len(model.input_shape) != 4 or model.input_shape[1:3] != (None, None) or model.input_shape[3] not in (1, 3):
        raise ValueError(
            f"{model.name} takes {model.input_shape}; enlarging takes a network on luma (None, None, None, 1) or RGB "
            "(None, None, None, 3)"
        )
    model = _without_transposed(model)
    field = field_of(model)
    network = PictureNetwork(model, field, is_own=is_own)

    def of_values(values: tf.Tensor) -> tf.Tensor:
        return network.enlarge_rgb(values) if values.shape[-1] == 3 else network.enlarge_grey(values)

    def enlarged(window: tf.Tensor) -> tf.Tensor:
        if not window.dtype.is_integer:
            return of_values(window)
        peak = float(window.dtype.max)
        return tf.cast(tf.round(of_values(tf.cast(window, tf.float32) / peak) * peak), window.dtype)

    halo = field.halo
    if halo is not None and network.takes_luma:
        halo = max(halo, BICUBIC_HALO)
    return Enlarger(field.scale, halo, max(field.widest, 4 * field.scale**2), _of_windows(enlarged), field.note)


def _without_transposed(model: "keras.Model") -> "keras.Model":
    """Replace transposed convolutions by sub-pixel ones: their sums round differently in a tile than in the picture."""
    from keras import layers

    from zoo.system.keras_internals import nested_layers

    if not any(isinstance(layer, layers.Conv2DTranspose) for layer in nested_layers(model)):
        return model
    from zoo.convert import convert

    return convert(model, to="subpixel")[0]


def _of_windows(function: "Callable[[tf.Tensor], tf.Tensor]") -> Enlargement:
    """Turn a function of `[1, h, w, c]` into one of `[h, w, c]`, traced once per type and number of channels."""
    import tensorflow as tf

    compiled = tf.function(function, autograph=False)
    traced: dict[Any, Callable[[tf.Tensor], tf.Tensor]] = {}

    def run(window: "Array") -> "Array":
        key = window.dtype, window.shape[-1]
        if key not in traced:
            traced[key] = compiled.get_concrete_function(tf.TensorSpec((1, None, None, window.shape[-1]), window.dtype))
        return traced[key](tf.constant(window[None]))[0].numpy()

    return run
