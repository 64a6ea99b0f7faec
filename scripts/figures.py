"""Draw the figures of README.md.

    python -m scripts.figures [autoencoders] [generators] [spectra]

Needs MNIST, and for generators the data sets that they were trained on. TensorFlow Datasets downloads those that are
not prepared.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
from zoo.system.quiet_tensorflow import start_tensorflow

start_tensorflow()

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf

import zoo
from training.data import open_source
from training.reporting.plots import COLOURS, DATA_COLOUR, checkerboard_radii, draw_spectra, mark
from zoo.metrics import radial_spectrum
from zoo.models import parse_name
from zoo.names import UPSAMPLERS, PublishedName

FIGURES = ROOT / "docs" / "figures"
PICTURES, SAMPLES, MEASURED, SEED = 8, 14, 2000, 0
Row = tuple[str, np.ndarray, float, float]
"""Label, pictures, and the values that are drawn as black and as white."""


def draw(name: str, rows: Sequence[Row]) -> None:
    """Write a figure of labelled rows of pictures.

    Args:
        name: of the file, without its suffix.
        rows: with equal numbers of pictures.
    """
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    count = len(rows[0][1])
    figure, axes = plt.subplots(len(rows), count, figsize=(count + 1.6, len(rows)), layout="constrained")
    for line, (label, pictures, low, high) in zip(axes, rows, strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    figure.savefig(FIGURES / f"{name}.png", dpi=100, metadata={"Software": None}, pil_kwargs={"optimize": True})


def test_pictures(source: str, count: int) -> np.ndarray:
    """Return the first pictures of a source's test set, in 0..1."""
    return open_source(source).split("test").take(tf.range(count, dtype=tf.int64)).numpy() / 255.0


def autoencoders() -> None:
    """Draw test digits, and each autoencoder's output before and after training."""
    digits = test_pictures("mnist", PICTURES)
    rows: list[Row] = [("input", digits, 0.0, 1.0)]
    for upsampler in UPSAMPLERS:
        keras.utils.set_random_seed(0)
        fresh = np.asarray(zoo.create_model(f"ae_{upsampler}")(digits))
        # An untrained network's output differs little from its mean, so black and white are its minimum and maximum.
        rows.append((f"{upsampler}\nbefore training", fresh, fresh.min(), fresh.max()))
    for upsampler in UPSAMPLERS:
        trained = zoo.create_model(f"ae_{upsampler}", pretrained=True)
        rows.append((f"{upsampler}\ntrained", np.asarray(trained(digits)), 0.0, 1.0))
    draw("autoencoders", rows)


def generators() -> None:
    """Draw test pictures of each source and samples of its generators; generators with equal latents share them."""
    rows: list[Row] = []
    for source, names in published_generators().items():
        rows.append((source, test_pictures(source, SAMPLES), 0.0, 1.0))
        rows += [(name, samples(name, SAMPLES), 0.0, 1.0) for name in names]
    draw("generators", rows)


def spectra() -> None:
    """Draw the mean radial spectrum of each source's test pictures and those of its generators' samples."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    published = published_generators()
    size = (5 * len(published), 6.4)
    options = {"sharex": "col", "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(2, len(published), figsize=size, height_ratios=(3, 2), **options)
    for upper, lower, (source, names) in zip(*axes, published.items(), strict=True):
        data = radial_spectrum(test_pictures(source, MEASURED))
        sampled = {PublishedName.parse(name).model: radial_spectrum(samples(name, MEASURED)) for name in names}
        period = parse_name(PublishedName.parse(names[0]).model).family.upsampling
        draw_spectra(upper, data, sampled, period)
        upper.set(title=source, xlabel="")
        usable = (data.size > 0) & (data.frequency > 0)
        for number, spectrum in enumerate(sampled.values()):
            ratio = 10 * np.log10(spectrum.power[usable] / data.power[usable])
            lower.plot(data.frequency[usable], ratio, color=COLOURS[number % len(COLOURS)], lw=1.4)
        lower.axhline(0, color=DATA_COLOUR, lw=1.4, ls="--")
        mark(lower, checkerboard_radii(period))
        lower.set(xlabel="cycles per pixel (dotted: checkerboard)", ylabel="dB relative to the data")
        for panel in (upper, lower):
            panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(FIGURES / "spectra.png", dpi=80, metadata={"Software": None}, pil_kwargs={"optimize": True})


def published_generators() -> dict[str, list[str]]:
    """Return the names of the published generators by the source that they were trained on."""
    generators_by_source: dict[str, list[str]] = {}
    for name in (*zoo.list_models("vae_*", pretrained=True), *zoo.list_models("*gan_*", pretrained=True)):
        generators_by_source.setdefault(zoo.card(name)["source"], []).append(name)
    return generators_by_source


def samples(name: str, count: int) -> np.ndarray:
    """Return the first samples of a published generator, in 0..1."""
    outputs = zoo.load_pretrained(name).sample(count=tf.constant(count), seed=tf.constant(SEED, tf.int64))
    return outputs["image"].numpy()


DRAWN = {"autoencoders": autoencoders, "generators": generators, "spectra": spectra}

if __name__ == "__main__":
    for each in sys.argv[1:] or DRAWN:
        DRAWN[each]()
