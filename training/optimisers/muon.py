"""Apply Keras's Muon to the kernels of convolutions, taken as matrices."""

import math
from typing import Any

import keras
from keras import ops

from zoo.system.keras_internals import MuonWithHooks


@keras.saving.register_keras_serializable("zoo")
class ConvolutionalMuon(MuonWithHooks):
    """Update weights as Keras's Muon does, and orthogonalise the updates of convolution kernels too.

    A kernel `[height, width, inputs, outputs]` is taken as a matrix of height * width * inputs rows. Biases and slopes
    are left to Adam, as Keras's Muon leaves them. There is no weight decay.

    Reference:
        Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; its step size is that of Liu et al. 2025,
        arXiv:2502.16982
    """

    def leaves_to_adam(self, variable: keras.Variable) -> bool:
        """Return whether Adam updates a variable: biases and slopes."""
        return len(variable.shape) not in (2, 4)

    def update_matrix(self, gradient: Any, variable: keras.Variable, rate: Any, momentum: keras.Variable) -> None:
        """Update a kernel along its orthogonalised direction."""
        rate, gradient = ops.cast(rate, variable.dtype), ops.cast(gradient, variable.dtype)
        self.assign_add(momentum, ops.add(gradient, momentum * (self.momentum - 1)))
        direction = ops.add(gradient, self.momentum * momentum) if self.nesterov else momentum
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        length = self.rms_rate * math.sqrt(max(matrix.shape))
        self.assign_sub(variable, ops.reshape(rate * length * update, variable.shape))
