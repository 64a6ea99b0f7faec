"""Convert published models to LiteRT files of fixed sizes, for the page, and say what is in them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.demo.catalogue import CLASSIFIER, Catalogue
from zoo.names import PublishedName
from zoo.pretrained.load import card, create_model
from zoo.system.files import write_json

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

FACTS = "models.json"
TILES = (96, 256)
"""Sides of the tiles that pictures are enlarged in, in pixels: small ones waste little on small pictures, large ones
overlap less. The page takes those with which the fewest pixels are computed."""

_FORMS = ("subpixel", "transpose")
_Facts = dict[str, Any]


def write_models(folder: Path, chosen: Catalogue, say: Callable[[str], None]) -> None:
    """Write the LiteRT files of published models, and `models.json`, which says what is in them, into a folder.

    Args:
        folder: an existing folder.
        chosen: names of published models.
        say: called with a line for every model.

    Raises:
        VerificationError: a published file differs from the index.
        ExportError: LiteRT has no form of one of the operations.
    """
    facts: _Facts = {"enlarging": [], "autoencoders": [], "generators": []}
    done, count = 0, len(chosen.names)

    def begin(name: str) -> str:
        nonlocal done
        done += 1
        say(f"converting {done} of {count}: {name}")
        return name

    for name in chosen.enlarging:
        facts["enlarging"].append(_enlarging(folder, begin(name)))
    for name in chosen.autoencoders:
        facts["autoencoders"].append(_plain(folder, begin(name), lambda model: model))
    facts["classifier"] = _plain(folder, begin(CLASSIFIER), _probabilities)
    for name in chosen.generators:
        facts["generators"].append(_generator(folder, begin(name)))
    write_json(folder / FACTS, facts)


def window_function(model: "keras.Model") -> "Callable[[tf.Tensor], tf.Tensor]":
    """Return what a network on luma makes of windows, less its response to flat pictures.

    The window holds the halo, beyond the picture's edges its mirror image, which is the caller's part of what
    `zoo.upscaling.picture_network.PictureNetwork` does.
    """
    from zoo.network import field_of
    from zoo.upscaling.flat_response import FlatResponse

    field = field_of(model)
    if field.halo is None:
        raise ValueError(f"{model.name} looks at the whole picture and cannot run in tiles")
    response = FlatResponse(model, field.scale, field.halo)
    return lambda window: model(window, training=False) - response(window)


def _enlarging(folder: Path, name: str) -> _Facts:
    """Write a network and its twin, each for all sizes of tiles, and return what the page has to know of them."""
    from zoo.convert import convert
    from zoo.network import field_of

    model = create_model(name, pretrained=True)
    field = field_of(model)
    facts = _common(name) | {"scale": field.scale, "forms": {}}
    # Both forms reach as far but for rounding up to whole pixels, and they share their windows.
    forms = {form: convert(model, to=form)[0] if _upsampler(name) != form else model for form in _FORMS}
    halo = max(field_of(form).halo or 0 for form in forms.values())
    for form, network in forms.items():
        function = window_function(network)
        facts["forms"][form] = [
            _write(folder, f"{name}.{form}.{tile}.tflite", function, (1, tile + 2 * halo, tile + 2 * halo, 1))
            for tile in TILES
        ]
    return facts | {"halo": halo, "tiles": list(TILES)}


def _plain(
    folder: Path, name: str, part: "Callable[[keras.Model], Callable[[tf.Tensor], tf.Tensor]]", *, draws: bool = False
) -> _Facts:
    model = create_model(name, pretrained=True)
    function = part(model)
    shape = (1, *card(name)["model_arguments"]["image_shape"])
    taken = (1, _latent(model)) if draws else shape
    file = _write(folder, f"{name}.tflite", lambda x: function(x, training=False), taken)
    return _common(name) | {"file": file, "shape": shape[1:]} | ({"latent": taken[1]} if draws else {})


def _generator(folder: Path, name: str) -> _Facts:
    return _plain(folder, name, _drawing_part, draws=True)


def _drawing_part(model: "keras.Model") -> "keras.Model":
    """Return the part of a model that makes pictures of latent numbers."""
    return model if len(model.input_shape) == 2 else model.get_layer("decoder")


def _latent(model: "keras.Model") -> int:
    return _drawing_part(model).input_shape[-1]


def _probabilities(model: "keras.Model") -> "Callable[..., tf.Tensor]":
    import tensorflow as tf

    encoder, logits = model.get_layer("encoder"), model.get_layer("logits")
    return lambda image, training: tf.nn.softmax(logits(encoder(image, training=training)))


def _common(name: str) -> _Facts:
    facts = card(name)
    return {key: facts[key] for key in ("name", "family", "upsampler", "source", "parameters")} | {
        "tag": PublishedName.parse(name).tag
    }


def _upsampler(name: str) -> str:
    return card(name)["upsampler"]


def _write(folder: Path, file: str, function: "Callable[[tf.Tensor], tf.Tensor]", shape: tuple[int, ...]) -> str:
    """Write a function of one tensor as a LiteRT file, and return the file's name."""
    import tensorflow as tf

    from zoo.export.litert import to_litert

    traced = tf.function(function, autograph=False)
    content = to_litert(traced.get_concrete_function(tf.TensorSpec(shape, tf.float32)))
    (folder / file).write_bytes(content)
    return file
