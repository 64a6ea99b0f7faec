"""Read the openly licensed photographs that scikit-image ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from training.data.errors import SourceError
from training.data.source_kind import Announce, SourceKind
from training.data.sources.pictures import PictureSource

PHOTOS = {
    "astronaut.png": ("train", "public domain (NASA)"),
    "brick.png": ("train", "CC0 (cc0textures.com)"),
    "camera.png": ("train", "CC0 (Lav Varshney)"),
    "chelsea.png": ("test", "CC0 (Stefan van der Walt)"),
    "coffee.png": ("validation", "CC0 (Rachel Michetti)"),
    "coins.png": ("train", "no known copyright restrictions (Brooklyn Museum)"),
    "grass.png": ("train", "CC0 (linolafett)"),
    "gravel.png": ("train", "CC0 (cc0textures.com)"),
    "hubble_deep_field.jpg": ("train", "public domain (NASA)"),
    "ihc.png": ("train", "no known copyright restrictions (CMMI)"),
    "retina.jpg": ("train", "CC0 (Mikael Häggström)"),
    "rocket.jpg": ("train", "public domain (SpaceX)"),
}
"""The photographs inside scikit-image's wheel: their part, and their licence as skimage.data states it.

The wheel's other pictures are drawings, scans and masks, or come without a statement of their licence.
"""


class Photos(SourceKind):
    """Open the source `photos`."""

    names = ("photos",)

    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> PictureSource:
        """Open the photographs."""
        return open_photos(image_size)


def open_photos(image_size: int | None = None) -> PictureSource:
    """Return the openly licensed photographs that scikit-image ships.

    Raises:
        SourceError: scikit-image is not installed or one of its photographs is missing.
    """
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SourceError("The source photos needs scikit-image: run `pip install scikit-image`.")
    folder = Path(spec.origin).parent / "data"
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for number, (part, _) in enumerate(PHOTOS.values()):
        parts[part].append(number)
    paths = [folder / each for each in PHOTOS]
    return PictureSource("photos", paths, list(PHOTOS), parts=parts, image_size=image_size)
