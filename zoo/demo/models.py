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
_Function = Callable[["tf.Tensor"], "tf.Tensor"]


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
        facts["autoencoders"].append(_of_pictures(folder, begin(name), _inferring))
    facts["classifier"] = _of_pictures(folder, begin(CLASSIFIER), _probabilities)
    for name in chosen.generators:
        facts["generators"].append(_generator(folder, begin(name)))
    write_json(folder / FACTS, facts)


def window_function(model: "keras.Model") -> _Function:
    """Return what a network on luma makes of windows, less its response to flat pictures.

    The window holds the halo, beyond the picture's edges its mirror image, which is the caller's part of what
    `zoo.upscaling.picture_network.PictureNetwork` does.
    """
    from zoo.network import field_of
    from zoo.system.whole_digits import whole_digits
    from zoo.upscaling.flat_response import FlatResponse

    field = field_of(model)
    if field.halo is None:
        raise ValueError(f"{model.name} looks at the whole picture and cannot run in tiles")
    # It goes into a file for other machines.
    with whole_digits():
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


def _of_pictures(folder: Path, name: str, endpoint: "Callable[[keras.Model], _Function]") -> _Facts:
    """Write a function of pictures, which a model's endpoint is, and return what the page has to know of it."""
    shape = card(name)["model_arguments"]["image_shape"]
    function = endpoint(create_model(name, pretrained=True))
    return _common(name) | {"file": _write(folder, f"{name}.tflite", function, (1, *shape)), "shape": shape}


def _generator(folder: Path, name: str) -> _Facts:
    model = create_model(name, pretrained=True)
    # A variational autoencoder draws with its decoder, a generator is one.
    drawing = model if len(model.input_shape) == 2 else model.get_layer("decoder")
    latent = drawing.input_shape[-1]
    file = _write(folder, f"{name}.tflite", _inferring(drawing), (1, latent))
    return _common(name) | {"file": file, "latent": latent, "shape": drawing.output_shape[1:]}


def _inferring(model: "keras.Model") -> _Function:
    return lambda x: model(x, training=False)


def _probabilities(model: "keras.Model") -> _Function:
    import tensorflow as tf

    encoder, logits = model.get_layer("encoder"), model.get_layer("logits")
    return lambda image: tf.nn.softmax(logits(encoder(image, training=False)))


def _common(name: str) -> _Facts:
    facts = card(name)
    return {key: facts[key] for key in ("name", "family", "upsampler", "source", "parameters")} | {
        "tag": PublishedName.parse(name).tag
    }


def _upsampler(name: str) -> str:
    return card(name)["upsampler"]


def _write(folder: Path, file: str, function: _Function, shape: tuple[int, ...]) -> str:
    """Write a function of one tensor as a LiteRT file, and return the file's name."""
    import tensorflow as tf

    from zoo.formats.litert import to_litert

    traced = tf.function(function, autograph=False)
    content = to_litert(traced.get_concrete_function(tf.TensorSpec(shape, tf.float32)))
    (folder / file).write_bytes(content)
    return file
