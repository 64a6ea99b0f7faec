"""The interface between the loop and a task."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from training.errors import InputError
from training.optimisers import create_optimiser
from training.recipes import Recipe
from training.tasks.averages import Averages
from zoo.layers.collapsible_conv2d import collapse_into
from zoo.names import closest

if TYPE_CHECKING:
    from training.data import Pictures, Source, StreamedPictures

Batch = Mapping[str, tf.Tensor]
Scalars = dict[str, tf.Tensor]


class Task(ABC):
    """Networks, optimisers and one training step over them.

    Build it inside the strategy's scope. All losses are sums over a replica's examples divided by the global
    batch, so that summing over replicas gives the mean over the global batch, however many replicas there are.

    Attributes:
        losses: names that a recipe's `loss` may have.
        score: the evaluation metric that decides which weights are best; larger is better.
        training_tags: tags of the scalars that `step` returns.
        labels: whether batches hold the pictures' labels.
        shown: number of validation pictures that `pictures` gets.
        cycle: number of steps after which the work of a step repeats.
        model: the network that is trained, `networks["model"]`.
        published: the network that is evaluated and exported: the trained one itself, or a copy that `refresh` fills.
        averages: moving averages of the trained network's weights, where the recipe keeps them.
        period: period of the checkerboard that is measured, in pixels.
        networks: all trained networks by name.
        optimisers: optimisers by the name of the network that each one trains.
    """

    losses: tuple[str, ...] = ()
    score: str = "eval/psnr"
    training_tags: tuple[str, ...] = ("train/loss",)
    labels: bool = False
    cycle: int = 1
    shown: int = 10

    def __init__(
        self,
        recipe: Recipe,
        model: keras.Model,
        period: int,
        *,
        average: keras.Model | None = None,
        published: keras.Model | None = None,
        compile_gradients: bool = False,
        seed: int = 0,
    ) -> None:
        """Build the optimisers; call it inside the strategy's scope.

        Args:
            recipe: of the training.
            model: the network to train.
            period: of the checkerboard that is measured.
            average: a second network of the same architecture, which takes the averages of the weights. It is needed
                where `published` is given.
            published: the network to evaluate and export, where that is not the trained one.
            compile_gradients: compile the gradients of every replica with XLA, where there are several. On one device
                the loop compiles whole steps instead.
            seed: of the run; with an example's position, it decides every draw of a step.

        Raises:
            InputError: the recipe's loss is not one of the task's, or XLA cannot compile the network.
        """
        if recipe.loss not in self.losses:
            raise InputError(
                f"loss={recipe.loss!r} is not one of {', '.join(self.losses)}{closest(recipe.loss, self.losses)}"
            )
        self.recipe = recipe
        self._compile_gradients = compile_gradients and tf.distribute.get_strategy().num_replicas_in_sync > 1
        self.seed = seed
        self.networks: dict[str, keras.Model] = {}
        self.optimisers: dict[str, keras.optimizers.Optimizer] = {}
        self.period = period
        self.model = model
        self.published = published or model
        self._average = average or model
        self.averages = Averages(model, recipe.average)
        self.add("model", model)

    @property
    def progress_words(self) -> tuple[tuple[str, str], ...]:
        """Return the tags that a training's progress shows, with the words that it shows for them."""
        # A logarithm falls below zero, which nobody expects of a loss without a name.
        loss = "loss (log MSE)" if self.recipe.loss == "log_mean_squared_error" else "loss"
        return (("train/loss", loss), ("eval/psnr", "validation PSNR"))

    @abstractmethod
    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch; return scalars that sum over replicas to the global mean.

        It runs in a graph, and on one GPU in an XLA program. Python's `if` and `for` decide while the graph is made;
        what depends on a tensor needs `tf.cond` or `tf.while_loop`.
        """

    @abstractmethod
    def evaluate(self, batch: Batch) -> Scalars:
        """Return the metrics of each example, `[b]` by tag."""

    @abstractmethod
    def pictures(self, batch: Batch) -> tf.Tensor:
        """Return one picture `[height, width, channels]` in 0..1 of the network's outputs for a fixed batch."""

    @classmethod
    @abstractmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise `InputError` where the task cannot train that network on that source."""

    @classmethod
    def data(
        cls, source: "Source", recipe: Recipe, model: keras.Model, period: int, seed: int
    ) -> "tuple[Pictures | StreamedPictures, Pictures | StreamedPictures]":
        """Return a source's pictures for training and for validation."""
        return source.split("train"), source.split("validation")

    def prepare(self, source: "Source") -> str:
        """Load what else the task needs from a source; return a sentence that the user should know, or nothing."""
        return ""

    def evaluate_set(self, validation: "Pictures | StreamedPictures") -> dict[str, float]:
        """Return metrics by tag of the validation part as a whole, which no single example has."""
        return {}

    def rank(self, values: Mapping[str, float]) -> float:
        """Return how good an evaluation is; the largest number is the best."""
        return values[self.score]

    def failure(self, rows: Sequence[Mapping[str, float]], validation: "Pictures | StreamedPictures") -> str | None:
        """Return why the training has failed so that its weights are not worth saving, or None.

        Args:
            rows: of metrics.csv so far.
            validation: the pictures that the task is evaluated on.
        """
        return None

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """Return plots of the validation part as a whole, PNG bytes by name."""
        return {}

    def refresh(self) -> None:
        """Bring the published network up to date."""
        if self.published is self.model:
            return
        self.averages.copy_to(self._average)
        collapse_into(self._average, self.published)

    def add(self, name: str, network: keras.Model, learning_rate: float | None = None, updates: int = 1) -> None:
        """Train a network under that name with the recipe's optimiser.

        Args:
            name: of the network.
            network: to train.
            learning_rate: where it is not the recipe's.
            updates: updates of this network per step. The schedule counts updates, so it becomes that much longer.

        Raises:
            InputError: XLA cannot compile the network for several replicas.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if self._compile_gradients and _has_batch_normalisation(network):
            raise InputError(
                f"JIT=1 compiles {network.name} for one device, not for {replicas}: its batch normalisation adds up "
                "what all of them see; leave JIT out, or train on one device"
            )
        recipe = dataclasses.replace(
            self.recipe,
            learning_rate=self.recipe.learning_rate if learning_rate is None else learning_rate,
            steps=updates * self.recipe.steps,
            warmup_steps=updates * self.recipe.warmup_steps,
        )
        self.networks[name] = network
        self.optimisers[name] = create_optimiser(recipe)
        self.optimisers[name].build(network.trainable_variables)

    def groups(self) -> dict[str, Sequence[keras.Variable]]:
        """Return every variable that a checkpoint holds, by group."""
        networks = {f"network/{name}": network.variables for name, network in self.networks.items()}
        optimisers = {f"optimiser/{name}": optimiser.variables for name, optimiser in self.optimisers.items()}
        averages = {"average": self.averages.variables} if self.averages.variables else {}
        return {**networks, **optimisers, **averages}

    def minimise(self, name: str, loss: Callable[..., tf.Tensor], *arguments: Any) -> tf.Tensor:
        """Take one optimiser step on a network; return its loss.

        Args:
            name: of the network.
            loss: from `arguments` to a scalar, this replica's share of the global mean.
            *arguments: tensors.
        """
        network, optimiser = self.networks[name], self.optimisers[name]
        variables = network.trainable_variables

        def gradients(*inputs: Any) -> tuple[tf.Tensor, list[tf.Tensor]]:
            with tf.GradientTape() as tape:
                value = loss(*inputs)
                if network.losses:
                    replicas = tf.distribute.get_strategy().num_replicas_in_sync
                    value += tf.add_n(network.losses) / replicas
                scaled = optimiser.scale_loss(value)
            return value, tape.gradient(scaled, variables)

        if self._compile_gradients:
            gradients = tf.function(gradients, jit_compile=True)
        value, grads = gradients(*arguments)
        optimiser.apply(self._over_replicas(grads, optimiser), variables)
        if name == "model" and self.averages.variables:
            self.averages.update(optimiser.iterations)
        return value

    def _over_replicas(self, grads: list[tf.Tensor], optimiser: keras.optimizers.Optimizer) -> list[tf.Tensor]:
        """Sum gradients over replicas, then clip them to the recipe's norm."""
        grads = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, grads)
        if self.recipe.clip_norm:
            scale = optimiser.scale_loss(tf.ones([], grads[0].dtype))
            grads, _ = tf.clip_by_global_norm(grads, self.recipe.clip_norm * scale)
        return grads


def _has_batch_normalisation(network: keras.Model) -> bool:
    return any(
        _has_batch_normalisation(layer)
        if isinstance(layer, keras.Model)
        else isinstance(layer, keras.layers.BatchNormalization)
        for layer in network.layers
    )
