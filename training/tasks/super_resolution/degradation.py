"""Degrade the pictures that super-resolution networks are measured on, as the user asks: `blur:1.6+jpeg:40`."""

import io
import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from PIL import Image

from training.data.degradations.blur import blurred, covariances
from training.errors import InputError
from zoo.imaging import degrade

_BOUNDS = {"blur": (0.1, 10.0), "noise": (0.1, 100.0), "jpeg": (1.0, 100.0)}
_TAKES = (
    "takes blur:DEVIATION in enlarged pixels, noise:DEVIATION in grey levels and jpeg:QUALITY, joined by + with the "
    "blur first, such as jpeg:40 or blur:1.6+noise:5+jpeg:60"
)


@dataclass(frozen=True)
class Degradation:
    """Hold how a low-resolution picture is made: by a bicubic reduction, and steps before and after it.

    Attributes:
        steps: `blur`, `noise` and `jpeg` with their strengths, in their order. The blur comes before the reduction, the
            others come after it.
    """

    steps: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return "+".join(f"{name}:{strength:g}" for name, strength in self.steps)

    @property
    def words(self) -> str:
        """Return what is done as part of a sentence."""
        words = {
            "blur": "a Gaussian blur of {:g} pixels",
            "noise": "Gaussian noise of {:g} grey levels",
            "jpeg": "JPEG of quality {:g} (luma as a grey picture, RGB with chroma at half size)",
        }
        done = [(name, words[name].format(strength)) for name, strength in self.steps]
        before = [text for name, text in done if name == "blur"]
        after = [text for name, text in done if name != "blur"]
        return ", then ".join([*before, "bicubic reduction with antialiasing", *after])

    def applied(self, picture: np.ndarray, scale: int) -> np.ndarray:
        """Return the low-resolution picture.

        Args:
            picture: uint8 `[scale * height, scale * width, 1 or 3]`.
            scale: int factor.

        Returns:
            uint8 `[height, width, 1 or 3]`.
        """
        strengths = dict(self.steps)
        if "blur" in strengths:
            picture = _blurred(picture, strengths["blur"])
        small = degrade(picture, scale)
        for name, strength in self.steps:
            if name == "noise":
                noise = np.random.default_rng(0).normal(0.0, strength, small.shape)
                small = _to_bytes(small + noise)
            elif name == "jpeg":
                small = _through_jpeg(small, int(strength))
        return small


BICUBIC = Degradation()
"""The bicubic reduction alone."""


def parse_degradation(text: str | None) -> Degradation:
    """Return the degradation that a text such as `blur:1.6+jpeg:40` describes; the bicubic reduction for None.

    Raises:
        InputError: a step is unknown, comes twice or in a wrong order, or its strength is out of range.
    """
    steps: list[tuple[str, float]] = []
    for step in text.split("+") if text else []:
        name, _, number = step.partition(":")
        try:
            strength = float(number)
        except ValueError:
            strength = math.nan
        if name not in _BOUNDS or name in dict(steps) or (name == "blur" and steps) or math.isnan(strength):
            raise InputError(f"degradation={text} cannot be read at {step!r}; it {_TAKES}")
        lowest, highest = _BOUNDS[name]
        if not lowest <= strength <= highest or (name == "jpeg" and strength % 1):
            kind = "a whole number " if name == "jpeg" else ""
            raise InputError(f"degradation={text}: {name} must be {kind}from {lowest:g} to {highest:g}")
        steps.append((name, strength))
    return Degradation(tuple(steps))


def _blurred(picture: np.ndarray, deviation: float) -> np.ndarray:
    # Beyond its edges a picture continues with its outermost pixels.
    edge = math.ceil(4 * deviation)
    channels = np.pad(np.moveaxis(picture, -1, 0).astype(np.float64), [(0, 0), (edge, edge), (edge, edge)], "edge")
    same = tf.fill([len(channels)], tf.constant(deviation, tf.float64))
    soft = blurred(tf.constant(channels), covariances(same, same, tf.zeros_like(same))).numpy()
    return np.moveaxis(_to_bytes(soft[:, edge:-edge, edge:-edge]), 0, -1)


def _through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return what Pillow reads of the file that it writes with its usual settings."""
    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(picture.shape)


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
