"""One training from a name to a SavedModel."""

import dataclasses
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import model_arguments, run_config
from training.errors import InputError, RunError
from training.recipes import Recipe
from training.runs import RUNS, SPEED, Run, choose_run
from training.strategy import cluster_size
from zoo.files import write_json
from zoo.registry import ModelName
from zoo.start import start_tensorflow

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from training.data import Source
    from training.initial import FreshTwin, Initial
    from training.loop import Loop
    from training.report import Report
    from training.tasks.base import Task


@dataclasses.dataclass(frozen=True)
class Order:
    """What the user asked for.

    Attributes:
        model: a parsed model name.
        recipe: resolved and checked.
        seed: of the initial weights, the order of examples and every draw.
        strategy: a name of `training.strategy.STRATEGIES`.
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

    from training.initial import first_weights
    from training.precision import precision
    from training.strategy import Placement, create_strategy

    initial = first_weights(order, source)
    strategy = create_strategy(order.strategy, logical_cpus=order.logical_cpus)
    replicas = Placement(strategy).replicas
    if recipe.batch % replicas:
        raise InputError(f"batch={recipe.batch} does not divide by {replicas} replicas; take a multiple of it")
    import tensorflow as tf

    with precision(recipe.precision):
        loop, run = _prepare(order, strategy, source, initial, report)
        try:
            loop.train_to_end()
            if run is None:
                return Path()
            return _finish(run, loop, source, report)
        except tf.errors.OpError as error:
            text = (error.message or type(error).__name__).strip().splitlines()[0]
            raise RunError(f"TensorFlow failed at step {loop.progress.step}: {text}") from error
        finally:
            loop.close()
            if run:
                run.release()


def _prepare(
    order: Order,
    strategy: "tf.distribute.Strategy",
    source: "Source",
    initial: "Initial | FreshTwin | None",
    report: "Report",
) -> "tuple[Loop, Run | None]":
    """Build everything, then choose, lock and create the run's folder, then resume."""
    from training.checkpoint import Checkpoints
    from training.loop import Loop
    from training.strategy import is_chief

    recipe, name = order.recipe, str(order.model)
    with strategy.scope():
        task = create_task(order, source.image_shape, initial, source.classes)
        task.check(task.model, source)
        train_pictures, validation = task.data(source, recipe, task.model, task.period, order.seed)
    if note := task.prepare(source):
        report.note(note)

    config = run_config(order, strategy, source, initial)
    run = choose_run(name, config["identity"], order.seed, resume=order.resume, root=order.root)
    chief = is_chief()
    if chief:
        run.create(config)
    checkpoint, complaints = Checkpoints(run.checkpoints).load_newest() if order.resume else (None, [])
    _check_agreement(strategy, f"{config['identity']} {checkpoint.step if checkpoint else 0}")
    loop = Loop(
        task,
        strategy,
        train_pictures,
        validation,
        seed=order.seed,
        run=run if chief else None,
        report=report.progress,
    )
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
    keras.utils.set_random_seed(order.seed)
    try:
        model = build_model(name, **arguments)
        copied = recipe.average or published != arguments
        copies = [build_model(name, **built) for built in (arguments, published)] if copied else []
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} with {arguments}: {error}") from error
    if initial:
        initial.apply(model)
    period = order.model.scale or order.model.family.upsampling
    return task_class(recipe.task)(recipe, model, period, copies=copies, jit=order.jit, seed=order.seed)


def _check_agreement(strategy: "tf.distribute.Strategy", plan: str) -> None:
    """Raise InputError where the workers of a cluster are about to train different things."""
    import tensorflow as tf

    if cluster_size() == 1:
        return
    # Six digits, because their square still has an exact float64.
    number = float(int(hashlib.sha256(plan.encode()).hexdigest()[:6], 16))

    def spread() -> "tf.Tensor":
        context = tf.distribute.get_replica_context()
        mine = tf.constant([number, number * number], tf.float64)
        first, second = tf.unstack(context.all_reduce(tf.distribute.ReduceOp.MEAN, mine))
        return second - first * first

    spreads = strategy.experimental_local_results(strategy.run(tf.function(spread)))
    if any(abs(float(value)) > 0.5 for value in spreads):
        raise InputError(
            "the workers disagree on what to train: give all the same command and the same sources, and let runs/ lie "
            "on a file system that they share"
        )


def _finish(run: Run, loop: "Loop", source: "Source", report: "Report") -> Path:
    """Export, evaluate what was exported, write the card; the SavedModel appears complete or not at all."""
    from training.card import card
    from training.evaluate import evaluate, read_evaluations
    from training.export import export
    from zoo.models import parse_name
    from zoo.pretrained import CARD

    config = run.config()
    temporary = run.path / ".saved_model.part"
    shutil.rmtree(temporary, ignore_errors=True)
    export(config["model"], config["model_arguments"], _weights(loop), temporary)
    evaluation = evaluate(temporary, parse_name(config["model"]), source, source.held_out)
    evaluation.write(run.path / "evaluation")
    (temporary / CARD).parent.mkdir()
    write_json(run.path / SPEED, loop.speed())
    write_json(temporary / CARD, card(config, read_evaluations(run.path), loop.speed()))
    temporary.rename(run.saved_model)
    report.finish(run, evaluation)
    return run.saved_model


def _weights(loop: "Loop") -> "list[np.ndarray]":
    """The weights to export: the last, or the best on the validation part."""
    from training.checkpoint import snapshot

    loop.task.refresh()
    best = loop.progress.best
    if loop.recipe.export == "best" and best and loop.checkpoints:
        return loop.checkpoints.load_best(int(best["step"])).arrays["model"]
    return snapshot(loop.task.published.weights)
