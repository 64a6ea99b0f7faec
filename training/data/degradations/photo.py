"""Make of a large clean picture the small picture that a camera and a website would have left of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.data.degradations.blur import blurred, covariances
from training.data.degradations.jpeg import compressed
from training.data.degradations.reduction import KERNELS, reduced
from training.data.degradations.rounding import to_grey_levels
from training.data.random_streams import Stream, normals, stream_key, uniforms

if TYPE_CHECKING:
    import tensorflow as tf

SHARES = {"blur": 0.6, "noise": 0.5, "jpeg": 0.85}
"""The share of pictures that each step is applied to."""
BLUR = (0.1, 0.7)
"""Smallest and largest standard deviation of the blur, in low-resolution pixels."""
FLATTEST = 0.3
"""Smallest ratio of the two standard deviations of a blur; for half of the blurs it is 1."""
READ_NOISE, SHOT_NOISE = 3.0, 8.0
"""Largest standard deviations in grey levels: of the noise of black, and of what is added to it for white."""
QUALITIES = (30, 95)
"""Lowest and highest quality of JPEG."""

# Each step takes place at a time from 0 to 1, and steps happen in the order of their times. A time is this power of a
# uniform number: a scene is mostly blurred by the lens first, and a picture is mostly compressed last.
_POWERS = {"blur": 2.0, "noise": 1.0, "jpeg": 0.25, "reduction": 1.0}
_NEVER = 2.0
# Every order of the three steps is contained in this one.
_SLOTS = ("noise", "blur", "noise", "jpeg", "noise", "blur", "noise")


@dataclass(frozen=True)
class _Conditions:
    """Hold what happens to each of n pictures.

    Attributes:
        times: when each step and the reduction happen, float64 `[n]` by name.
        covariance: of the blur in low-resolution pixels, float64 `[n, 3]`.
        read: standard deviation of the noise of black, float64 `[n]`.
        shot: standard deviation of what is added to it for white, float64 `[n]`.
        quality: of JPEG, int32 `[n]`.
        kernel: of the reduction, int32 `[n]`.
    """

    times: dict[str, tf.Tensor]
    covariance: tf.Tensor
    read: tf.Tensor
    shot: tf.Tensor
    quality: tf.Tensor
    kernel: tf.Tensor


class Photo:
    """Degrade pictures by blur, antialiased reduction, sensor noise and JPEG, in random order and strength.

    - The blur is a Gaussian, isotropic or of any direction.
    - The reduction is by one of the kernels of `reduction.KERNELS`.
    - The variance of the noise is a constant and a part in proportion to the brightness. This is the normal
      approximation of the Poisson and Gaussian noise of sensors (Foi et al. 2008,
      https://doi.org/10.1109/TIP.2008.2001399).
    - JPEG is that of grey pictures. It rounds to 8 bits first, as a file does.

    What happens to a picture is a function of the seed and of its position. The random orders and strengths follow
    Zhang et al. 2021 (arXiv:2103.14006). All is computed in double precision, so that all paths of a training round
    alike.

    Args:
        scale: factor of the reduction.
        seed: of the run; None for the validation part, whose pictures are the same in every run.
    """

    margin = 8
    """Low-resolution pixels on each side of a window that are cut off, because what happens depends on its borders."""

    def __init__(self, scale: int, seed: int | None) -> None:
        self._scale = scale
        run = () if seed is None else (seed,)
        streams = (Stream.PHOTO, Stream.PHOTO_NOISE, Stream.PHOTO_REDUCED_NOISE)
        self._key, self._noise_key, self._reduced_noise_key = (stream_key(*run, stream) for stream in streams)

    def __call__(self, windows: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        """Return low-resolution pictures.

        Args:
            windows: luma uint8 `[n, scale * (height + 2 * margin), scale * (width + 2 * margin), 1]`, of known height
                and width.
            positions: int64 `[n]`.

        Returns:
            uint8 `[n, height, width, 1]`.
        """
        import tensorflow as tf

        conditions = _conditions(self._key, positions)
        # The first stage ends with the reduction, the second one when all is done.
        done = dict.fromkeys(SHARES, tf.zeros_like(positions, tf.bool))
        large = tf.cast(windows[..., 0], tf.float64)
        noise = _noise(self._noise_key, positions, large)
        large, done = _stage(large, conditions, done, conditions.times["reduction"], noise, self._scale)
        small = reduced(large, self._scale, conditions.kernel)
        noise = _noise(self._reduced_noise_key, positions, small)
        small, _ = _stage(small, conditions, done, tf.ones_like(conditions.read), noise, 1)
        edge = self.margin
        return tf.cast(to_grey_levels(small[:, edge:-edge, edge:-edge, None]), tf.uint8)


def _conditions(key: int, positions: tf.Tensor) -> _Conditions:
    """Draw what happens to the pictures at positions."""
    import tensorflow as tf

    draws = iter(tf.unstack(tf.cast(uniforms(key, positions, 14), tf.float64), axis=1))
    times = {}
    for name, power in _POWERS.items():
        times[name] = next(draws) ** power
        if name in SHARES:
            times[name] = tf.where(next(draws) < SHARES[name], times[name], _NEVER)

    deviation = BLUR[0] + (BLUR[1] - BLUR[0]) * next(draws)
    # Above 1/2 of the draws the ratio is 1.
    ratio = tf.minimum(FLATTEST + 2 * (1 - FLATTEST) * next(draws), 1.0)
    lowest, highest = QUALITIES
    return _Conditions(
        times,
        covariances(deviation, ratio * deviation, math.pi * next(draws)),
        # Weak noise is more common than strong noise.
        read=READ_NOISE * next(draws) ** 2,
        shot=SHOT_NOISE * next(draws) ** 2,
        quality=lowest + tf.cast((highest - lowest + 1) * next(draws), tf.int32),
        kernel=tf.cast(len(KERNELS) * next(draws), tf.int32),
    )


def _stage(
    images: tf.Tensor,
    conditions: _Conditions,
    done: dict[str, tf.Tensor],
    until: tf.Tensor,
    noise: tf.Tensor,
    scale: int,
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Take the steps that are not done yet and happen before a time; return the pictures, and what is done.

    Args:
        images: float64 `[n, height, width]`.
        conditions: of the pictures.
        done: whether each step has been taken, bool `[n]` by name.
        until: the end of the stage, float64 `[n]`.
        noise: standard normal numbers, of the shape of the pictures.
        scale: pixels of the pictures per low-resolution pixel.
    """
    import tensorflow as tf

    read, shot = (value[:, None, None] for value in (conditions.read, conditions.shot))
    steps = {
        "blur": lambda x: blurred(x, scale**2 * conditions.covariance),
        "noise": lambda x: x + noise * tf.sqrt(read**2 + shot**2 * tf.maximum(x, 0.0) / 255),
        "jpeg": lambda x: compressed(x, conditions.quality),
    }
    done = dict(done)
    for name in _SLOTS:
        time = conditions.times[name]
        due = (time <= until) & ~done[name]
        for other in steps.keys() - {name}:
            due &= done[other] | (conditions.times[other] > time)
        images = tf.where(due[:, None, None], steps[name](images), images)
        done[name] |= due
    return images, done


def _noise(key: int, positions: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Return standard normal numbers of the shape of pictures, float64."""
    import tensorflow as tf

    height, width = images.shape[1:]
    return tf.reshape(tf.cast(normals(key, positions, height * width), tf.float64), [-1, height, width])
