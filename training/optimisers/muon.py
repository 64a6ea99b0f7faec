"""Muon for convolutions: Keras's optimiser, given their kernels as matrices."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class ConvolutionalMuon(keras.optimizers.Muon):
    """Keras's Muon, which also orthogonalises the updates of convolution kernels.

    A kernel `[height, width, inputs, outputs]` is taken as a matrix of height * width * inputs rows. Biases and slopes
    are left to Adam, as Keras's Muon leaves them. There is no weight decay.

    Reference:
        Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; its step size is that of Liu et al. 2025,
        arXiv:2502.16982
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) not in (2, 4)

    def _muon_update_step(self, gradient: Any, variable: keras.Variable, lr: Any, m: keras.Variable) -> None:
        lr, gradient = ops.cast(lr, variable.dtype), ops.cast(gradient, variable.dtype)
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        direction = ops.add(gradient, self.momentum * m) if self.nesterov else m
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        length = self.rms_rate * math.sqrt(max(matrix.shape))
        self.assign_sub(variable, ops.reshape(lr * length * update, variable.shape))
