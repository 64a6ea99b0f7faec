"""Decode broken files one after another, and print one line per file.

python -m benchmarks.robustness.fuzz_child TARGET SEED FIRST LAST
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.robustness.fuzz_pictures import corpus, mutant
from zoo.imaging import PIXEL_LIMIT, PictureError, read_picture
from zoo.system.machine import forget_peak, peak
from zoo.system.quiet_tensorflow import start_tensorflow

# The network is small, so that decoding takes most of the time and memory.
MODEL, ARGUMENTS, SCALE = "espcn_x2_subpixel", {"filters": 4, "narrow": 4}, 2

Decode = Callable[[bytes], str]
"""Decodes a file and returns what is wrong with the result, or an empty text."""


def main() -> None:
    """Decode the files from FIRST up to, but not including, LAST."""
    target, seed, first, last = sys.argv[1], *map(int, sys.argv[2:5])
    files = corpus(every_format=target == "upscale")
    with tempfile.TemporaryDirectory() as folder:
        decode = {"upscale": upscale, "serve_bytes": serve_bytes}[target](Path(folder))
        decode(files[0])
        print("ready", flush=True)
        for number in range(first, last):
            content = mutant(files, seed, number)
            forget_peak()
            try:
                wrong = decode(content)
            # Every error that is not documented counts.
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            print(f"{peak():.0f} {wrong}".strip().replace("\n", " "), flush=True)


def upscale(folder: Path) -> Decode:
    """Return the decoder of `python -m zoo upscale`."""
    path = folder / "picture"

    def decode(content: bytes) -> str:
        path.write_bytes(content)
        try:
            pixels = read_picture(path).pixels
        except PictureError as error:
            clear = str(path) in str(error) and "\n" not in str(error)
            return "" if clear else f"unclear: {error}"
        height, width, channels = pixels.shape
        valid = 0 < height * width <= PIXEL_LIMIT and channels in (1, 2, 3, 4) and pixels.dtype in (np.uint8, np.uint16)
        return "" if valid else f"returned {pixels.dtype} {pixels.shape}"

    return decode


def serve_bytes(folder: Path) -> Decode:
    """Return the endpoint of an exported network, run by TensorFlow without this project's code."""
    start_tensorflow()
    import tensorflow as tf

    from training.publishing.saved_model import export
    from training.tasks.super_resolution.encoded_pictures import SERVED_PIXELS
    from zoo.models import build_model

    export(MODEL, ARGUMENTS, build_model(MODEL, **ARGUMENTS).get_weights(), folder / "model")
    model = tf.saved_model.load(str(folder / "model"))

    def decode(content: bytes) -> str:
        try:
            (large,) = model.serve_bytes(image_bytes=tf.constant([content]))["image_bytes"].numpy()
        except tf.errors.InvalidArgumentError:
            return ""
        height, width, channels = tf.io.decode_png(large).shape
        valid = height % SCALE == width % SCALE == 0 and 0 < height * width <= SERVED_PIXELS and channels == 3
        return "" if valid else f"returned {height}x{width}x{channels}"

    return decode


if __name__ == "__main__":
    main()
