"""Read picture files of any size, as they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from training.data.errors import SourceError
from zoo.imaging.reading import FORMATS, check_picture

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})

_KEPT_BYTES = 1 << 30


def list_pictures(folder: Path) -> Iterator[Path]:
    """Yield the picture files in `folder` and below, without hidden ones such as a Mac's `._a.png`."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def load_training_picture(path: Path) -> np.ndarray:
    """Read a picture as a viewer shows it.

    A grey file has one channel, any other three. Transparent parts become white, 16 bits are rounded to 8, and a
    photograph is turned upright according to its EXIF orientation.

    Returns:
        uint8 [h, w, 1] or [h, w, 3].

    Raises:
        SourceError: the file is missing, broken, not a picture, animated, or too large to be decoded safely.
    """
    from PIL import Image, ImageOps

    try:
        # Allow these formats only: a file of any name could be PostScript, whose decoder is a larger attack surface.
        with Image.open(path, formats=(*FORMATS, "BMP")) as file:
            check_picture(path, file)
            return _to_array(ImageOps.exif_transpose(file))
    # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and more.
    except Exception as error:
        raise SourceError(
            f"The picture {path} cannot be read ({str(error).partition(chr(10))[0] or type(error).__name__}); "
            "repair it or take it out of the folder."
        ) from error


class PictureFiles(Sequence[np.ndarray]):
    """Provide pictures by number, as `load_training_picture` reads them; the first gigabyte stays in memory.

    Attributes:
        shapes: (height, width, channels) of every picture.
        digest: hexadecimal sha256 of the names and contents of the files.
    """

    def __init__(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Read every file once, so that a broken one is reported before any work begins."""
        self._paths = list(paths)
        self._kept: dict[int, np.ndarray] = {}
        self._contents: list[bytes] = []
        self.shapes: list[tuple[int, int, int]] = []
        digest, room = hashlib.sha256(), _KEPT_BYTES
        with ThreadPoolExecutor() as pool:
            for number, (name, (content, picture)) in enumerate(
                zip(names, pool.map(_hash_and_read, self._paths), strict=True)
            ):
                digest.update(f"{name}\0".encode() + content)
                self._contents.append(content)
                self.shapes.append((picture.shape[0], picture.shape[1], picture.shape[2]))
                room -= picture.nbytes
                if room >= 0:
                    self._kept[number] = picture
        self.digest = digest.hexdigest()

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._paths)

    def __getitem__(self, number: Any) -> Any:
        """Return the picture uint8 [h, w, 1 or 3] of a number, or a list of pictures for a slice."""
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        return self._kept[number] if number in self._kept else self._read_again(number)

    def _read_again(self, number: int) -> np.ndarray:
        """Read a picture again; raise `SourceError` if its file has changed."""
        content, picture = _hash_and_read(self._paths[number])
        if content != self._contents[number]:
            raise SourceError(
                f"The picture {self._paths[number]} has changed since it was first read; put it back, or start again: "
                "with the pictures as they are now it is another run."
            )
        return picture


def _hash_and_read(path: Path) -> tuple[bytes, np.ndarray]:
    picture = load_training_picture(path)
    return hashlib.sha256(path.read_bytes()).digest(), picture


def _to_array(image: Any) -> np.ndarray:
    """Return the pixels of a Pillow image as uint8 [h, w, 1 or 3]."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        eight_bits = values / 257.0 if values.max(initial=0) > 255 else values
        return np.clip(np.rint(eight_bits), 0, 255).astype(np.uint8)[..., None]
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    array = np.asarray(image.convert("L" if grey else "RGB"))
    return array[..., None] if grey else array
