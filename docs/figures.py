"""Draw the figures of README.md.

    python docs/figures.py

Needs MNIST, which TensorFlow Datasets downloads where it is not prepared.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from zoo.start import start_tensorflow

start_tensorflow()

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf

import zoo
from training.data import open_source
from zoo.registry import UPSAMPLERS

FIGURES = ROOT / "docs" / "figures"
PICTURES = 8


def autoencoders() -> None:
    """Test digits, and each autoencoder's output before and after training."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    digits = open_source("mnist").split("test").take(tf.range(PICTURES, dtype=tf.int64)).numpy() / 255.0
    rows = [("input", digits, False)]
    for upsampler in UPSAMPLERS:
        keras.utils.set_random_seed(0)
        fresh = zoo.create_model(f"ae_{upsampler}")
        rows.append((f"{upsampler}\nbefore training", np.asarray(fresh(digits)), True))
    for upsampler in UPSAMPLERS:
        trained = zoo.create_model(f"ae_{upsampler}", pretrained=True)
        rows.append((f"{upsampler}\ntrained", np.asarray(trained(digits)), False))

    figure, axes = plt.subplots(len(rows), PICTURES, figsize=(PICTURES + 1.6, len(rows)), layout="constrained")
    for line, (label, pictures, stretch) in zip(axes, rows, strict=True):
        # An untrained output hardly leaves its mean: its own range shows what little there is.
        low, high = (pictures.min(), pictures.max()) if stretch else (0.0, 1.0)
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture[..., 0], cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    figure.savefig(FIGURES / "autoencoders.png", dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    autoencoders()
