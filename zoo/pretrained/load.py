"""Find, verify and load the published models.

A folder of published models holds `index.json`, which lists every file's sha256, and one SavedModel per name.
Loading verifies first, and refuses a model with a file that is missing, changed, added, or a link.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.models import build_model, model_names
from zoo.names import LIST_PUBLISHED, PublishedName, remedy
from zoo.pretrained.index import CARD, FILE_LIMIT, INDEX, PUBLISHED_NAME, VerificationError, read_index
from zoo.registry import UnknownNameError
from zoo.system.files import sha256, walk
from zoo.system.quiet_tensorflow import import_tensorflow

if TYPE_CHECKING:
    import keras

REMEDY = "restore the folder from where it came from (git checkout, or install the package again)"


def folders() -> list[Path]:
    """Return the folders that are searched for published models, in this order.

    These are `ZOO_SAVED_MODELS`, then `saved_models/` of the installed package, then that of a checkout, as far as
    they hold an index.
    """
    package = Path(__file__).resolve().parents[1]
    candidates = [package / "saved_models", package.parent / "saved_models"]
    if chosen := os.environ.get("ZOO_SAVED_MODELS"):
        candidates.insert(0, Path(chosen).expanduser())
    return [folder for folder in candidates if (folder / INDEX).is_file()]


def published_names() -> list[str]:
    """Return the names of all published models, sorted.

    Raises:
        VerificationError: an index cannot be read.
    """
    return sorted({name for folder in folders() for name in read_index(folder)})


def locate(name: str) -> tuple[Path, dict[str, Any]]:
    """Return the folder of a published model and its index entry, not yet verified.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: an index cannot be read.
    """
    if PUBLISHED_NAME.fullmatch(name):
        for folder in folders():
            index = read_index(folder)
            if name in index:
                return folder / name, index[name]
    if name in model_names():
        raise UnknownNameError(
            f"{name} can be built and trained, but its weights are not published; {LIST_PUBLISHED} lists those that are"
        )
    raise UnknownNameError(f"there is no published model {name!r}{remedy(name, published_names(), LIST_PUBLISHED)}")


def verify(name: str) -> Path:
    """Compare every file of a published model with the index and return the model's folder.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: a file is missing, added, a link, or differs; the message names the first one.
    """
    folder, entry = locate(name)
    verify_files(folder, entry["files"])
    return folder


def verify_files(folder: Path, expected: Mapping[str, str]) -> None:
    """Raise `VerificationError` unless a folder holds exactly the expected files.

    Args:
        folder: the folder of a model.
        expected: the sha256 of each file by its path in the folder.
    """
    _refuse_link(folder)
    for path in sorted(walk(folder)):
        _refuse_link(path)
        if path.relative_to(folder).as_posix() not in expected:
            raise VerificationError(f"{path} is not in the index; {REMEDY}")
    for relative, digest in sorted(expected.items()):
        _check_file(folder / relative, digest)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise VerificationError(f"{path} is a link, which published models never hold; {REMEDY}")


def _check_file(path: Path, digest: str | None) -> None:
    if not path.is_file():
        raise VerificationError(f"{path} is missing; {REMEDY}")
    if path.stat().st_size > FILE_LIMIT:
        raise VerificationError(f"{path} has more than the {FILE_LIMIT:,} bytes that are read; {REMEDY}")
    if sha256(path) != digest:
        raise VerificationError(f"{path} differs from the published file (sha256); {REMEDY}")


def card(name: str) -> dict[str, Any]:
    """Return the facts of a published model: what it is, how it was trained, and its metrics.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: the card is missing, a link, or differs from the index.
    """
    folder, entry = locate(name)
    path = folder / CARD
    for each in (folder, path.parent, path):
        _refuse_link(each)
    _check_file(path, entry["files"].get(CARD.as_posix()))
    return json.loads(path.read_text())


def load_pretrained(name: str) -> Any:
    """Load a published SavedModel, ready to call by its endpoints, after verifying every file.

    Args:
        name: a published name, such as `"ae_subpixel"` or `"ae_subpixel.cifar10"`.

    Returns:
        The object that `tf.saved_model.load` returns. Each endpoint takes and returns named tensors:
        `model.serve(image=x)["image"]`.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: a file differs from the index.
        MissingTensorFlowError: TensorFlow is not installed.
    """
    folder = verify(name)
    import_tensorflow()
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    _keep_alive_with_its_functions(model)
    return model


def _keep_alive_with_its_functions(model: Any) -> None:
    """Let every endpoint and signature of a SavedModel refer to the model.

    TensorFlow frees the weights when the model is freed, even if one of its functions is still in use. Without this
    reference, the function `zoo.load_pretrained(name).serve` would fail when it is called.
    """
    endpoints = [getattr(model, name) for name in model.signatures if hasattr(model, name)]
    for function in [*endpoints, *model.signatures.values()]:
        function._owner_of_the_weights = model


def create_model(name: str, *, pretrained: bool = False, **arguments: Any) -> "keras.Model":
    """Return a plain functional `keras.Model`, freshly initialised or with the published weights.

    Args:
        name: a model name such as `"ae_subpixel"`; with `pretrained=True` also a published name such as
            `"ae_subpixel.cifar10"`.
        pretrained: use the published SavedModel's weights, and its model arguments as defaults.
        **arguments: model arguments of the family, such as `filters=48`.

    Raises:
        UnknownNameError: the name or an argument does not exist, or nothing is published under the name.
        ValueError: an argument has a value that the family cannot use, or for which the weights do not fit.
        VerificationError: a published file differs from the index.
    """
    if not pretrained:
        return build_model(name, **arguments)
    folder = verify(name)
    facts = card(name)
    model = build_model(PublishedName.parse(name).model, **{**facts["model_arguments"], **arguments})
    set_saved_weights(model, folder)
    return model


def set_saved_weights(model: "keras.Model", saved_model: Path) -> None:
    """Set a model's weights to those of a SavedModel of the same architecture.

    Args:
        model: the model to change.
        saved_model: the folder of the SavedModel.

    Raises:
        ValueError: the SavedModel's variables do not fit the model's weights.
    """
    import tensorflow as tf

    # Exporting keeps the order of the variables, so they are read by number and no graph has to be rebuilt.
    reader = tf.train.load_checkpoint(str(saved_model / "variables" / "variables"))
    keys = [f"variables/{i}/.ATTRIBUTES/VARIABLE_VALUE" for i in range(len(model.weights))]
    shapes = reader.get_variable_to_shape_map()
    stored = [shapes.get(key) for key in keys]
    wanted = [list(weight.shape) for weight in model.weights]
    surplus = f"variables/{len(keys)}/.ATTRIBUTES/VARIABLE_VALUE" in shapes
    if stored != wanted or surplus:
        different = [
            f"{w.path} {a}, stored {b}" for w, a, b in zip(model.weights, wanted, stored, strict=True) if a != b
        ]
        raise ValueError(
            f"the weights in {saved_model} do not fit {model.name}: "
            f"{'; '.join(different[:3]) or 'the file holds more variables'}; use the same model arguments"
        )
    model.set_weights([reader.get_tensor(key) for key in keys])
