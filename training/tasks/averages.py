"""Moving averages of a network's weights."""

import keras
import tensorflow as tf


class Averages:
    """Exponential moving averages of a network's weights; without a decay it keeps none.

    Build it inside the strategy's scope.

    Args:
        network: the network whose weights are averaged.
        decay: of the averages, from 0 to below 1; 0 keeps no averages.

    Attributes:
        variables: one average per weight, in the order of `network.weights`; empty without a decay.
    """

    def __init__(self, network: keras.Model, decay: float) -> None:
        self._network = network
        self._decay = decay
        self.variables: list[keras.Variable] = []
        if decay:
            self.variables = [
                keras.Variable(weight, trainable=False, dtype=weight.dtype, aggregation="only_first_replica")
                for weight in network.weights
            ]

    def update(self, steps: keras.Variable) -> None:
        """Move the averages towards the weights.

        They move faster in the first steps, so that random initial weights are soon forgotten.

        Args:
            steps: updates of the network so far.
        """
        for average, weight in zip(self.variables, self._network.weights, strict=True):
            taken = tf.cast(steps, average.dtype)
            decay = tf.minimum(tf.cast(self._decay, average.dtype), (1.0 + taken) / (10.0 + taken))
            average.assign(decay * average + (1.0 - decay) * tf.cast(weight, average.dtype))

    def copy_to(self, network: keras.Model) -> None:
        """Copy the averages, or the weights where no averages are kept, to a network of the same architecture."""
        for weight, value in zip(network.weights, self.variables or self._network.weights, strict=True):
            weight.assign(value)
