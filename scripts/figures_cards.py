"""Draw what each published model makes, for the cards in docs/cards.md.

    python -m scripts.figures_cards [NAME ...]

Needs the data sets that autoencoders were trained on. Without names, the pictures that exist already are kept.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np
import tensorflow as tf
from PIL import Image

import zoo
from scripts.cards import FIGURES
from training.data import open_source
from training.tasks.super_resolution.degradation import parse_degradation
from zoo.imaging import cropped
from zoo.models import parse_name
from zoo.names import PublishedName
from zoo.pretrained.sample import sample

COUNT, SIDE, DAMAGE = 14, 64, "jpeg:40"
PHOTOGRAPH = "chelsea.png"
CROP = (84, 72, 96, 132)
"""Top, left, height and width of the part of the photograph that is shown, before the enlargement."""


def draw(name: str) -> Image.Image | None:
    """Return a picture of what a model makes: its input above or on the left; None for a classifier."""
    kind = parse_name(PublishedName.parse(name).model).family.kind
    if kind == "super-resolution":
        return _enlarged(name)
    if kind in ("vae", "generator"):
        return _rows(sample(name, COUNT, seed=0))
    if kind == "autoencoder":
        pictures = open_source(zoo.card(name)["source"]).split("test").take(tf.range(COUNT, dtype=tf.int64)).numpy()
        made = zoo.load_pretrained(name).serve(image=pictures / np.float32(255))["image"]
        return _rows(pictures, np.round(np.asarray(made) * 255).astype(np.uint8))
    return None


def _rows(*rows: np.ndarray) -> Image.Image:
    """Return rows of pictures, each pixel enlarged by a whole factor."""
    lines = [np.concatenate(list(np.pad(row, ((0, 0), (1, 1), (1, 1), (0, 0)))), axis=1) for row in rows]
    whole = np.concatenate(lines)
    factor = max(1, SIDE // rows[0].shape[1])
    picture = Image.fromarray(whole[..., 0] if whole.shape[-1] == 1 else whole)
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def _enlarged(name: str) -> Image.Image:
    """Return a reduced photograph that bicubic interpolation enlarged, on the left, and the model, on the right.

    For a model for photographs the reduced one has gone through JPEG.
    """
    scale = zoo.card(name)["scale"]
    photos = open_source("photos")
    pictures = dict(zip(photos.names("test"), photos.pictures("test"), strict=True))
    degradation = parse_degradation(DAMAGE if name.endswith(".photo") else None)
    low = degradation.applied(cropped(pictures[PHOTOGRAPH], scale), scale)
    top, left, height, width = CROP
    parts = [
        np.asarray(zoo.upscale(low, model))[top : top + height, left : left + width]
        for model in (f"bicubic_x{scale}", name)
    ]
    gap = np.full((height, 4, 3), 255, np.uint8)
    whole = Image.fromarray(np.concatenate([parts[0], gap, parts[1]], axis=1))
    return whole.resize((whole.width * 3, whole.height * 3), Image.Resampling.NEAREST)


if __name__ == "__main__":
    FIGURES.mkdir(parents=True, exist_ok=True)
    for each in sys.argv[1:] or zoo.list_models(pretrained=True):
        path = FIGURES / f"{each}.png"
        if (sys.argv[1:] or not path.is_file()) and (drawn := draw(each)):
            drawn.save(path, optimize=True)
