"""What the loop asks of a task."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from training.data import evaluation_batches
from training.errors import InputError
from training.optimisers.table import create_optimiser
from training.recipes import Recipe
from zoo.layers.collapsible_conv2d import collapse_into

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
        score: the evaluation metric that decides what is best; larger is better.
        training_tags: of the scalars that `step` returns.
        progress_words: tags that a training's progress shows, and what it calls them.
        labels: whether batches hold the pictures' labels.
        shown: pictures of the validation part that `pictures` gets.
        model: the network that is trained, `networks["model"]`.
        published: the network that is evaluated and exported: the trained one itself, or a copy that `refresh` fills.
        averages: moving averages of the trained network's weights, where the recipe keeps them.
        period: of the checkerboard that is measured: the scale, or the family's `upsampling`.
        cycle: steps after which a step does the same work again.
        networks: all that are trained, by name.
        optimisers: by the name of the network that each one trains.
    """

    losses: tuple[str, ...] = ()
    score: str = "eval/psnr"
    training_tags: tuple[str, ...] = ("train/loss",)
    progress_words: tuple[tuple[str, str], ...] = (("train/loss", "loss"), ("eval/psnr", "validation PSNR"))
    labels: bool = False
    cycle: int = 1
    shown: int = 10

    def __init__(
        self,
        recipe: Recipe,
        model: keras.Model,
        period: int,
        *,
        copies: Sequence[keras.Model] = (),
        jit: bool = False,
        seed: int = 0,
    ) -> None:
        """Build inside the strategy's scope.

        Args:
            recipe: what to train with.
            model: the network to train.
            period: of the checkerboard that is measured.
            copies: a second network like it, for its average, and the network that is published, where those are not
                the trained one.
            jit: compile the gradients with XLA.
            seed: of the run; with an example's position, it decides every draw of a step.
        """
        if recipe.loss not in self.losses:
            raise InputError(f"loss={recipe.loss!r} is not one of {', '.join(self.losses)}")
        self.recipe = recipe
        self.jit = jit
        self.seed = seed
        self.networks: dict[str, keras.Model] = {}
        self.optimisers: dict[str, keras.optimizers.Optimizer] = {}
        self.period = period
        self.model = model
        self._average, self.published = copies or (model, model)
        self.averages: list[keras.Variable] = []
        if recipe.average:
            self.averages = [
                keras.Variable(weight, trainable=False, dtype=weight.dtype, aggregation="only_first_replica")
                for weight in model.weights
            ]
        self.add("model", model)

    @abstractmethod
    def step(self, batch: Batch) -> Scalars:
        """Train on one replica's part of a batch; scalars that sum over replicas to the global mean."""

    @abstractmethod
    def evaluate(self, batch: Batch) -> Scalars:
        """Metrics of each example, `[b]` by tag."""

    def prepare(self, source: "Source") -> str:
        """Get what else a source offers; returns what the user should know of it, in a sentence, or nothing."""
        return ""

    def evaluate_set(self, validation: "Pictures | StreamedPictures") -> dict[str, float]:
        """Metrics by tag that no single example has; `validation` is the part that all is evaluated on."""
        return {}

    def merit(self, values: Mapping[str, float]) -> float:
        """How good an evaluation is; the largest is the best."""
        return values[self.score]

    def ailment(self, rows: Sequence[Mapping[str, float]], validation: "Pictures | StreamedPictures") -> str | None:
        """What is wrong with the training so that its weights are not worth saving, in words, or None.

        Args:
            rows: of metrics.csv so far.
            validation: the part that all is evaluated on.
        """
        return None

    @abstractmethod
    def pictures(self, batch: Batch) -> tf.Tensor:
        """A grid `[height, width, channels]` in 0..1 of what the network does with a fixed batch."""

    def plots(self, validation: "Pictures | StreamedPictures") -> dict[str, bytes]:
        """PNG by name, of what is evaluated on the validation part as a whole."""
        return {}

    @classmethod
    def data(
        cls, source: "Source", recipe: Recipe, model: keras.Model, period: int, seed: int
    ) -> "tuple[Pictures | StreamedPictures, Pictures | StreamedPictures]":
        """What a source gives for training and for validation."""
        return source.split("train"), source.split("validation")

    @classmethod
    @abstractmethod
    def check(cls, model: keras.Model, source: "Source") -> None:
        """Raise InputError where the task cannot train that network on that source."""

    def refresh(self) -> None:
        """Bring the published network up to date."""
        if self.published is self.model:
            return
        for weight, value in zip(self._average.weights, self.averages or self.model.weights, strict=True):
            weight.assign(value)
        collapse_into(self._average, self.published)

    def add(self, name: str, network: keras.Model, learning_rate: float | None = None, updates: int = 1) -> None:
        """Train a network under that name with the recipe's optimiser, at its learning rate or at another.

        The schedule counts updates: with several of them in a step it has to be that much longer.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if self.jit and replicas > 1 and _normalises(network):
            raise InputError(
                f"JIT=1 compiles {network.name} for one device, not for {replicas}: its batch normalisation adds up "
                "what all of them see; leave JIT out, or train on one device"
            )
        own = dataclasses.replace(
            self.recipe,
            learning_rate=self.recipe.learning_rate if learning_rate is None else learning_rate,
            steps=updates * self.recipe.steps,
            warmup_steps=updates * self.recipe.warmup_steps,
        )
        self.networks[name] = network
        self.optimisers[name] = create_optimiser(own)
        self.optimisers[name].build(network.trainable_variables)

    def groups(self) -> dict[str, Sequence[keras.Variable]]:
        """Every variable that a checkpoint holds, by group."""
        networks = {f"network/{name}": network.variables for name, network in self.networks.items()}
        optimisers = {f"optimiser/{name}": optimiser.variables for name, optimiser in self.optimisers.items()}
        return {**networks, **optimisers, **({"average": self.averages} if self.averages else {})}

    def minimise(self, name: str, loss: Callable[..., tf.Tensor], *arguments: Any) -> tf.Tensor:
        """One optimiser step on a network; returns its loss.

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

        if self.jit:
            gradients = tf.function(gradients, jit_compile=True)
        value, grads = gradients(*arguments)
        optimiser.apply(self._over_replicas(grads, optimiser), variables)
        if name == "model" and self.averages:
            self._update_averages(optimiser.iterations)
        return value

    def _update_averages(self, steps: keras.Variable) -> None:
        """Move the averages towards the weights, faster at first: random initial weights are soon forgotten."""
        for average, weight in zip(self.averages, self.model.weights, strict=True):
            taken = tf.cast(steps, average.dtype)
            decay = tf.minimum(tf.cast(self.recipe.average, average.dtype), (1.0 + taken) / (10.0 + taken))
            average.assign(decay * average + (1.0 - decay) * tf.cast(weight, average.dtype))

    def _over_replicas(self, grads: list[tf.Tensor], optimiser: keras.optimizers.Optimizer) -> list[tf.Tensor]:
        """Sum over replicas, then clip to the recipe's norm."""
        grads = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, grads)
        if self.recipe.clip_norm:
            scale = optimiser.scale_loss(tf.ones([], grads[0].dtype))
            grads, _ = tf.clip_by_global_norm(grads, self.recipe.clip_norm * scale)
        return grads


def _normalises(network: keras.Model) -> bool:
    """Whether a network has batch normalisation, in its sub-models too."""
    return any(
        _normalises(layer) if isinstance(layer, keras.Model) else isinstance(layer, keras.layers.BatchNormalization)
        for layer in network.layers
    )


def to_float(pictures: tf.Tensor) -> tf.Tensor:
    """uint8 pictures to 0..1 in Keras's float type."""
    return tf.cast(pictures, keras.config.floatx()) / 255.0


def first_pictures(part: "Pictures | StreamedPictures", count: int) -> tf.Tensor:
    """So many pictures of a part, or all, in 0..1 and Keras's float type."""
    batch = next(iter(evaluation_batches(part, batch_size=min(count, part.count))))
    return to_float(batch["image"])


def global_mean(values: tf.Tensor, batch: int) -> tf.Tensor:
    """This replica's share of the mean over a global batch."""
    return tf.reduce_sum(values) / tf.cast(batch, values.dtype)


def grid(rows: Sequence[tf.Tensor], cell: int = 84) -> tf.Tensor:
    """Pictures `[n, h, w, c]` a row, side by side, enlarged in whole pixels to about `cell`."""
    factor = max(1, cell // int(rows[0].shape[1]))
    lines = [
        tf.concat(tf.unstack(tf.pad(row, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=1.0)), 1) for row in rows
    ]
    picture = tf.concat(lines, 0)
    return tf.repeat(tf.repeat(picture, factor, 0), factor, 1)
