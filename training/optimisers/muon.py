"""Apply Keras's Muon to the kernels of convolutions, taken as matrices."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from zoo.system.keras_internals import MuonWithHooks


@keras.saving.register_keras_serializable("zoo")
class ConvolutionalMuon(MuonWithHooks):
    """Update weights as Keras's Muon does, and orthogonalise the updates of convolution kernels too.

    A kernel `[height, width, inputs, outputs]` is taken as a matrix of height * width * inputs rows. Biases and slopes
    are left to Adam, as Keras's Muon leaves them. There is no weight decay. Kernels whose matrices have the same shape
    are orthogonalised together, because a GPU takes longer to start these small products than to compute them.

    Reference:
        Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; its step size is that of Liu et al. 2025,
        arXiv:2502.16982
    """

    def leaves_to_adam(self, variable: keras.Variable) -> bool:
        """Return whether Adam updates a variable: biases and slopes."""
        return len(variable.shape) not in (2, 4)

    def prepared(self, gradients: Sequence[Any], variables: Sequence[keras.Variable]) -> list[Any]:
        """Return the gradients; for a kernel, its next momentum and its orthogonalised direction `[2, *kernel]`."""
        results = list(gradients)
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, variable in enumerate(variables):
            if not self.leaves_to_adam(variable):
                alike[_matrix_shape(variable)].append(index)
        for shape, indices in alike.items():
            moved, matrices = [], []
            for index in indices:
                gradient = ops.cast(gradients[index], variables[index].dtype)
                moved.append(ops.add(gradient, self.momentum * self.momentum_of(variables[index])))
                direction = ops.add(gradient, self.momentum * moved[-1]) if self.nesterov else moved[-1]
                matrices.append(ops.reshape(direction, shape))
            orthogonal = self.zeropower_via_newtonschulz5(ops.stack(matrices), self.ns_steps)
            for index, momentum, direction in zip(indices, moved, ops.unstack(orthogonal, len(indices)), strict=True):
                results[index] = ops.stack([momentum, ops.reshape(direction, variables[index].shape)])
        return results

    def update_matrix(self, gradient: Any, variable: keras.Variable, rate: Any, momentum: keras.Variable) -> None:
        """Update a kernel by what `prepared` returned in place of its gradient."""
        moved, direction = ops.unstack(gradient, 2)
        self.assign(momentum, moved)
        length = self.rms_rate * math.sqrt(max(_matrix_shape(variable)))
        self.assign_sub(variable, ops.cast(rate, variable.dtype) * length * direction)


def _matrix_shape(variable: keras.Variable) -> tuple[int, int]:
    return math.prod(variable.shape[:-1]), variable.shape[-1]
