"""The examples of a call are the batches of its steps, stacked."""

import numpy as np
import pytest
import tensorflow as tf

from training.data import batches, open_source
from training.data.batches.augmentation import Augmentation
from training.data.batches.calls import CallExamples
from training.data.batches.pairs import make_pairs
from training.data.batches.patches import Patches
from training.data.batches.pictures import ArrayPictures, JoinedPictures, ResizedPictures

GENERATOR = np.random.default_rng(0)


def noise(count, channels=1):
    return GENERATOR.integers(0, 256, (count, 9, 8, channels), np.uint8)


def pictures_of(kind):
    if kind == "array":
        return ArrayPictures(noise(21), np.arange(21) % 4, 4)
    if kind == "joined":
        return JoinedPictures([ArrayPictures(noise(11)), ArrayPictures(noise(12, 3))], 3)
    if kind == "patches":
        return Patches(make_pairs([GENERATOR.integers(0, 256, (40, 30, 1), np.uint8)], 2), 5, seed=3)
    glyphs = open_source("glyphs").split("train")
    return ResizedPictures(glyphs, 12) if kind == "resized glyphs" else glyphs


@pytest.mark.parametrize("kind", ["array", "joined", "patches", "glyphs", "resized glyphs"])
def test_a_call_gathers_what_the_host_feeds(kind):
    pictures = pictures_of(kind)
    labels = kind in ("array", "glyphs")
    augmentation = Augmentation(flip=True, shift=2) if kind != "patches" else Augmentation()
    first, steps, size = 3, 5, 6
    placed = pictures.on_device("CPU:0")
    options = {"batch_size": size, "seed": 7, "augmentation": augmentation, "labels": labels}
    gathered = CallExamples(placed, steps=steps, **options)(tf.constant(first, tf.int64))
    fed = list(batches(pictures, start_step=first, total_steps=first + steps, **options))
    assert set(gathered) == set(fed[0])
    for key, values in gathered.items():
        np.testing.assert_array_equal(values, np.stack([batch[key] for batch in fed]), err_msg=key)
    assert gathered["image"].dtype == tf.uint8


@pytest.mark.parametrize("kind", ["array", "joined", "patches"])
def test_the_bytes_on_a_device_are_those_of_the_pixels(kind):
    pictures = pictures_of(kind)
    expected = {"array": 21 * (72 + 8), "joined": 23 * 72 * 3, "patches": 40 * 30 + 20 * 15}[kind]
    assert pictures.device_bytes == expected
    assert pictures.on_device("CPU:0").compiles
