"""Test that Muon, which updates kernels of one shape together, moves each as Keras's Muon moves its matrix alone."""

import keras
import numpy as np
import tensorflow as tf

from training.optimisers.summed import Muon

SHAPES = [(3, 3, 4, 8), (8, 4), (3, 3, 4, 8), (1, 1, 36, 8), (5,)]
"""The first four are kernels, of which three are matrices of 36 rows and 8 columns; the last is a bias."""


def test_kernels_updated_together_move_as_matrices_do_alone():
    generator = np.random.default_rng(0)
    starts = [generator.normal(size=shape).astype("float32") for shape in SHAPES]
    ours = [keras.Variable(start) for start in starts]
    alone = [keras.Variable(start.reshape(-1, start.shape[-1]) if start.ndim > 1 else start) for start in starts]
    together = Muon(0.1, weight_decay=None, adam_weight_decay=None)
    reference = keras.optimizers.Muon(0.1, weight_decay=None, adam_weight_decay=None)
    together.build(ours)
    reference.build(alone)
    for _ in range(3):
        gradients = [generator.normal(size=shape).astype("float32") for shape in SHAPES]
        together.apply([tf.constant(gradient) for gradient in gradients], ours)
        flat = [gradient.reshape(variable.shape) for gradient, variable in zip(gradients, alone, strict=True)]
        reference.apply([tf.constant(gradient) for gradient in flat], alone)
    for one, other, start in zip(ours, alone, starts, strict=True):
        assert np.abs(one.numpy() - start).max() > 0.01
        np.testing.assert_allclose(one.numpy().reshape(other.shape), other.numpy(), atol=1e-5)
