"""Choose pictures that a model of one size can be evaluated on."""

from collections.abc import Callable, Mapping
from typing import Any

from training.data import Source, open_source
from training.errors import InputError


def fit_source(
    name: str, card: Mapping[str, Any], source: Source, data: str | None, note: Callable[[str], None]
) -> tuple[Source, str]:
    """Return a source with pictures of the model's size and classes, and its held-out part.

    Args:
        name: of the model, for messages.
        card: the model's card.
        source: where pictures come from.
        data: the source's name as the user gave it, or None for the one that the model was trained on.
        note: shows a sentence to the user.

    Raises:
        InputError: the source's pictures have another shape that scaling cannot mend, or other classes.
    """
    shape = tuple(card["model_arguments"].get("image_shape", card["input"]["shape"][1:]))
    if source.image_shape != shape and shape[0] == shape[1]:
        source = open_source(data or card["source"], image_size=shape[0])
        note(f"pictures of {source.name} are scaled and cut to {shape[0]}x{shape[1]}")
    if source.image_shape != shape:
        raise InputError(
            f"{name} is for pictures of {'x'.join(map(str, shape))}, {source.name} has "
            f"{'x'.join(map(str, source.image_shape))}; choose another source"
        )
    classes = card["model_arguments"].get("classes", source.classes)
    if classes != source.classes:
        raise InputError(
            f"{name} distinguishes {classes} classes, {source.name} has {source.classes}; choose another source"
        )
    return source, source.held_out
