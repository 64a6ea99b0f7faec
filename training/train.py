"""One training from a name to a SavedModel."""

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.cluster.strategy import cluster_size
from training.errors import InputError, RunError
from training.recipes import Recipe
from training.runs.config import model_arguments, run_config
from training.runs.folder import RUNS, SPEED, Run, choose_run, of_other_pictures, open_run
from zoo.registry import ModelName
from zoo.system.files import appears_whole, write_json
from zoo.system.quiet_tensorflow import start_tensorflow

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from training.data import Source
    from training.loop.loop import Loop
    from training.reporting.console import Report
    from training.runs.starting_weights import FreshTwin, Initial
    from training.tasks.task import Task


@dataclasses.dataclass(frozen=True)
class Order:
    """What the user asked for.

    Attributes:
        model: a parsed model name.
        recipe: resolved and checked.
        seed: of the initial weights, the order of examples and every draw.
        strategy: a name of `training.cluster.strategy.STRATEGIES`.
        logical_cpus: devices to split the processor into, or None.
        init: a published name or a run's folder to start from, or None.
        resume: go on with an unfinished run of the same configuration.
        jit: compile the step with XLA.
        settings: the fields that differ from the family's recipe, for the card's command.
        root: folder of all runs.
    """

    model: ModelName
    recipe: Recipe
    seed: int = 0
    strategy: str = "auto"
    logical_cpus: int | None = None
    init: str | None = None
    resume: bool = True
    jit: bool = False
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    root: Path = RUNS


def train(order: Order, report: "Report") -> Path:
    """Train, evaluate on the test split, export; returns the path of the SavedModel.

    Raises:
        InputError: something that was asked for cannot be done; nothing was created.
        RunError: the run failed under way; its last checkpoint is kept.
        Interrupted: a signal stopped the run after it was saved.
    """
    from training.data import open_source

    recipe = order.recipe
    # The first line of output is where the pictures come from; TensorFlow takes seconds to import.
    source = open_source(recipe.source, recipe.image_size, order.seed, announce=report.note)
    report.source(source)
    start_tensorflow()

    from training.cluster.strategy import Placement, create_strategy
    from training.loop.precision import precision
    from training.runs.starting_weights import first_weights

    initial = first_weights(order, source)
    from training.loop.tensorflow_errors import tensorflow_failures

    loop: Loop | None = None
    with (
        tensorflow_failures(lambda: loop.progress.step if loop else None),
        precision(recipe.precision),
        contextlib.ExitStack() as ends,
    ):
        strategy = create_strategy(order.strategy, logical_cpus=order.logical_cpus, announce=report.cluster)
        replicas = Placement(strategy).replicas
        if recipe.batch % replicas:
            raise InputError(f"batch={recipe.batch} does not divide by {replicas} replicas; take a multiple of it")
        loop, run = _prepare(order, strategy, source, initial, report, ends)
        loop.train_to_end()
        return _finish(run, loop, source, report) if run else Path()


def _prepare(
    order: Order,
    strategy: "tf.distribute.Strategy",
    source: "Source",
    initial: "Initial | FreshTwin | None",
    report: "Report",
    ends: contextlib.ExitStack,
) -> "tuple[Loop, Run | None]":
    """Build everything, then choose, lock and create the run's folder, then resume; `ends` gets what to close."""
    from training.cluster.agreement import Agreement
    from training.cluster.broadcast import chiefs_checkpoint
    from training.cluster.strategy import is_chief
    from training.loop.loop import Loop
    from training.runs.checkpoint import Checkpoints

    recipe, name = order.recipe, str(order.model)
    with strategy.scope():
        task = create_task(order, source.image_shape, initial, source.classes)
        task.check(task.model, source)
        train_pictures, validation = task.data(source, recipe, task.model, task.period, order.seed)
    if note := task.prepare(source):
        report.note(note)

    config = run_config(order, strategy, source, initial)
    chief, what, resume = is_chief(), config["identity"], order.resume
    if cluster_size() > 1:
        Agreement(strategy).check_plan(f"{what} {order.seed}")
    if chief:
        run = open_run(name, what, order.seed, config, resume=resume, root=order.root)
        ends.callback(run.release)
    else:
        run = choose_run(name, what, order.seed, resume=resume, root=order.root)
    checkpoint, complaints = Checkpoints(run.checkpoints).load_newest() if chief and resume else (None, [])
    if cluster_size() > 1:
        checkpoint = chiefs_checkpoint(strategy, checkpoint)
    if resume and not checkpoint:
        complaints += [
            f"the pictures of {source.name} are not those that {other} began with, so this is a new run"
            for other in of_other_pictures(name, what, order.seed, order.root)
        ]
    loop = Loop(
        task,
        strategy,
        train_pictures,
        validation,
        seed=order.seed,
        run=run if chief else None,
        report=report.progress,
    )
    ends.callback(loop.close)
    for complaint in complaints:
        report.note(complaint)
    if checkpoint:
        loop.resume(checkpoint)
    step = checkpoint.step if checkpoint else 0
    report.start(run.path, task.model, train_pictures.shape, recipe, strategy, step, task.progress_words)
    return loop, run if chief else None


def create_task(
    order: Order,
    image_shape: tuple[int, int, int],
    initial: "Initial | FreshTwin | None" = None,
    classes: int = 0,
) -> "Task":
    """The networks of an order with their first weights, and what trains them; call it inside the strategy's scope.

    Args:
        order: what to train.
        image_shape: of the source's pictures, for networks that have a fixed size.
        initial: where the first weights come from, if not from the initialisers.
        classes: of the source's pictures, for classifiers.

    Raises:
        InputError: the model cannot be built with its arguments, or not be started from `initial`.
    """
    import keras

    from training.tasks import task_class
    from zoo.models import build_model

    recipe, name = order.recipe, str(order.model)
    arguments, published = model_arguments(order, image_shape, classes)

    def built(arguments: Mapping[str, Any]) -> keras.Model:
        try:
            return build_model(name, **arguments)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name} with {arguments}: {error}") from error

    keras.utils.set_random_seed(order.seed)
    model = built(arguments)
    # Before the copies: a twin to start from draws anew, and as many draws must follow as do without one.
    if initial:
        initial.apply(model)
    copied = recipe.average or published != arguments
    copies = [built(each) for each in (arguments, published)] if copied else []
    period = order.model.scale or order.model.family.upsampling
    return task_class(recipe.task)(recipe, model, period, copies=copies, jit=order.jit, seed=order.seed)


def _finish(run: Run, loop: "Loop", source: "Source", report: "Report") -> Path:
    """Export, evaluate what was exported, write the card; the SavedModel appears complete or not at all."""
    from training.evaluate import evaluate
    from training.publishing.card import card
    from training.publishing.saved_model import export
    from training.runs.evaluations import read_evaluations
    from zoo.models import parse_name
    from zoo.pretrained.load import CARD

    config = run.config()
    with appears_whole(run.saved_model) as folder:
        export(config["model"], config["model_arguments"], _weights(loop), folder)
        name, draws = parse_name(config["model"]), loop.recipe.likelihood_draws
        evaluation = evaluate(folder, name, source, source.held_out, draws=draws)
        evaluation.write(run.path / "evaluation")
        (folder / CARD).parent.mkdir()
        write_json(run.path / SPEED, loop.speed())
        write_json(folder / CARD, card(config, read_evaluations(run.path), loop.speed()))
    report.finish(run, evaluation)
    return run.saved_model


def _weights(loop: "Loop") -> "list[np.ndarray]":
    """The weights to export: the last, or the best on the validation part."""
    from training.runs.checkpoint import DamagedCheckpointError, snapshot

    loop.task.refresh()
    best = loop.progress.best
    if loop.recipe.export == "best" and best and loop.checkpoints:
        try:
            return loop.checkpoints.load_best(int(best["step"])).arrays["model"]
        except DamagedCheckpointError as error:
            raise RunError(
                f"the best weights, those of step {best['step']:.0f}, are damaged ({error}), and export='best' wants "
                "them; start anew with RESUME=0"
            ) from error
    return snapshot(loop.task.published.weights)
