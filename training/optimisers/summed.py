"""Keras's optimisers for gradients that are already summed over replicas."""

import keras

from training.optimisers.muon import ConvolutionalMuon
from zoo.system.keras_internals import SummedGradients


class Adam(SummedGradients, keras.optimizers.Adam):
    """Keras's Adam, for gradients that are summed over replicas."""


class AdamW(SummedGradients, keras.optimizers.AdamW):
    """Keras's AdamW, for gradients that are summed over replicas."""


class Muon(SummedGradients, ConvolutionalMuon):
    """Muon for convolutions, for gradients that are summed over replicas."""
