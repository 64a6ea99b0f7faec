"""Read picture files of any size, as they are needed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from training.data.batches.pictures import Shape
from training.data.cache import CACHED_FROM, cache_folder
from training.data.errors import SourceError
from zoo.imaging.reading import FORMATS, check_picture
from zoo.system.files import written_beside

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
    """Provide pictures by number, as `load_training_picture` reads them; a gigabyte of them stays in memory.

    Attributes:
        shapes: (height, width, channels) of every picture.
        digest: hexadecimal sha256 of the names and contents of the files.
    """

    def __init__(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Read every file once, so that a broken one is reported before any work begins.

        The shapes of large sets are kept by their digest, so that the same files need not be decoded the next time.

        Raises:
            SourceError: a picture cannot be read.
        """
        self._paths = list(paths)
        self._kept: dict[int, np.ndarray] = {}
        self._room = _KEPT_BYTES
        self.shapes: list[Shape] = []
        with ThreadPoolExecutor() as pool:
            self._contents = list(pool.map(_hash, self._paths))
            digest = hashlib.sha256()
            for name, content in zip(names, self._contents, strict=True):
                digest.update(f"{name}\0".encode() + content)
            self.digest = digest.hexdigest()
            self.shapes = _known_shapes(self.digest)
            if self.shapes:
                return
            for number, picture in enumerate(pool.map(load_training_picture, self._paths)):
                self.shapes.append((picture.shape[0], picture.shape[1], picture.shape[2]))
                self._keep(number, picture)
        _note_shapes(self.digest, self.shapes)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._paths)

    def __getitem__(self, number: Any) -> Any:
        """Return the picture uint8 [h, w, 1 or 3] of a number, or a list of pictures for a slice."""
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        return self._kept[number] if number in self._kept else self._read_again(number)

    def _keep(self, number: int, picture: np.ndarray) -> None:
        """Keep a picture in memory, as long as there is room."""
        self._room -= picture.nbytes
        if self._room >= 0:
            self._kept[number] = picture

    def _read_again(self, number: int) -> np.ndarray:
        """Read a picture again; raise `SourceError` if its file has changed."""
        picture = load_training_picture(self._paths[number])
        if _hash(self._paths[number]) != self._contents[number]:
            raise SourceError(
                f"The picture {self._paths[number]} has changed since it was first read; put it back, or start again: "
                "with the pictures as they are now it is another run."
            )
        self._keep(number, picture)
        return picture


def _hash(path: Path) -> bytes:
    """Return the sha256 of a file, or of nothing if it cannot be read, which the reading that follows reports."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _shapes_file(digest: str) -> Path:
    return cache_folder() / "shapes" / f"{digest[:16]}.npy"


def _known_shapes(digest: str) -> list[Shape]:
    """Return the shapes of the pictures that have a digest, or nothing where they are not kept."""
    try:
        return [(int(h), int(w), int(c)) for h, w, c in np.load(_shapes_file(digest))]
    except (OSError, ValueError):
        return []


def _note_shapes(digest: str, shapes: Sequence[Shape]) -> None:
    """Keep the shapes of the pictures of a large set."""
    if sum(height * width for height, width, _ in shapes) >= CACHED_FROM:
        file = _shapes_file(digest)
        # Nothing is lost where it cannot be written, on a full disk for example.
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with written_beside(file) as stream:
                np.save(stream, np.array(shapes, np.int64))


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
