"""Train one model, from a request to a SavedModel."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.cluster import Placement, cluster_size, create_strategy, is_chief
from training.errors import InputError, RunError
from training.reporting import StartFacts, TrainingConsole
from training.request import ResolvedTraining, TrainingRequest, resolve
from training.runs.choosing import choose_run, open_run, runs_of_other_pictures
from training.runs.config import commit, train_command, versions
from training.runs.folder import SPEED, Run
from zoo.system.files import appears_whole, write_json
from zoo.system.machine import device
from zoo.system.quiet_tensorflow import start_tensorflow

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from training.data import Source
    from training.loop.loop import Loop
    from training.runs.checkpoint import Checkpoint
    from training.tasks.task import Task


def train(request: TrainingRequest, console: TrainingConsole) -> Path:
    """Open the source, train, evaluate on the test split and export; return the path of the SavedModel.

    Raises:
        InputError: the request cannot be carried out; nothing was created.
        RunError: the run failed under way; its last checkpoint is kept.
        Interrupted: a signal stopped the run after it was saved.
    """
    from training.data import open_source

    recipe = request.recipe
    # The source is the first line of output, because TensorFlow takes seconds to import.
    source = open_source(recipe.source, recipe.image_size, request.seed, announce=console.note)
    console.source(source)
    with console.waiting("starting TensorFlow"):
        start_tensorflow()
        resolved = resolve(request, source)
    return train_resolved(resolved, source, console)


def train_resolved(training: ResolvedTraining, source: "Source", console: TrainingConsole) -> Path:
    """Train, evaluate on the test split and export; return the path of the SavedModel.

    Raises:
        InputError: the training cannot be started; nothing was created.
        RunError: the run failed under way; its last checkpoint is kept.
        Interrupted: a signal stopped the run after it was saved.
    """
    from training.loop.precision import precision
    from training.loop.tensorflow_errors import tensorflow_failures

    request, recipe = training.request, training.request.recipe
    loop: Loop | None = None
    run: Run | None = None
    with tensorflow_failures(lambda: loop.progress.step if loop else None), precision(recipe.precision):
        strategy = create_strategy(request.strategy, logical_cpus=request.logical_cpus, announce=console.cluster)
        replicas = Placement(strategy).replicas
        if recipe.batch % replicas:
            raise InputError(f"batch={recipe.batch} does not divide by {replicas} replicas; take a multiple of it")
        with console.waiting("preparing the pictures"):
            task, parts = _prepare_task(training, strategy, source, console)
        try:
            run, checkpoint, notes = _open_run(training, strategy, source)
            loop = _create_loop(training, task, strategy, parts, run if is_chief() else None, console)
            for note in notes:
                console.note(note)
            if checkpoint:
                loop.resume(checkpoint)
            console.start(
                StartFacts(
                    path=run.path,
                    model=task.model.name,
                    parameters=task.model.count_params(),
                    image_shape=parts[0].shape,
                    recipe=recipe,
                    replicas=replicas,
                    step=loop.progress.step,
                    progress_words=task.progress_words,
                )
            )
            loop.train_to_end()
            return _finish(run, loop, source, console) if is_chief() else Path()
        finally:
            if loop:
                loop.close()
            if run:
                run.release()


def _prepare_task(
    training: ResolvedTraining, strategy: "tf.distribute.Strategy", source: "Source", console: TrainingConsole
) -> "tuple[Task, Any]":
    """Return the task, and its pictures for training and for validation."""
    from training.tasks.create import create_task

    request = training.request
    with strategy.scope():
        task = create_task(
            training.architecture,
            request.recipe,
            seed=request.seed,
            compile_gradients=request.jit == "1",
            start=training.start,
        )
        task.check(task.model, source)
        parts = task.data(source, request.recipe, task.model, task.period, request.seed)
    if note := task.prepare(source):
        console.note(note)
    return task, parts


def _open_run(
    training: ResolvedTraining, strategy: "tf.distribute.Strategy", source: "Source"
) -> "tuple[Run, Checkpoint | None, list[str]]":
    """Return the run to write to, the checkpoint to go on from, and notes for the user.

    The chief creates and locks the run's folder; the other workers of a cluster only take its checkpoint.
    """
    from training.cluster.agreement import Agreement
    from training.cluster.broadcast import chiefs_checkpoint
    from training.runs.checkpoint import Checkpoints

    request, identity = training.request, training.identity
    name, resume = str(request.model), request.resume
    if cluster_size() > 1:
        Agreement(strategy).check_plan(f"{identity} {request.seed}")
    checkpoint: Checkpoint | None = None
    notes: list[str] = []
    if is_chief():
        config = _config(training, strategy, source)
        run = open_run(name, identity, request.seed, config, resume=resume, root=request.root)
        if resume:
            checkpoint, notes = Checkpoints(run.checkpoints).load_newest()
    else:
        run = choose_run(name, identity, request.seed, resume=resume, root=request.root)
    if cluster_size() > 1:
        checkpoint = chiefs_checkpoint(strategy, checkpoint)
    if resume and not checkpoint:
        notes += [
            f"the pictures of {source.name} are not those that {other} began with, so this is a new run"
            for other in runs_of_other_pictures(name, identity, request.seed, request.root)
        ]
    return run, checkpoint, notes


def _config(training: ResolvedTraining, strategy: "tf.distribute.Strategy", source: "Source") -> dict[str, Any]:
    """Return the contents of `config.json`: the training as resolved, its source, first weights and versions."""
    request, start = training.request, training.start
    return {
        "identity": training.identity,
        "model": str(request.model),
        "model_arguments": training.architecture.published_arguments,
        "recipe": training.recipe,
        "seed": request.seed,
        "source": {
            "name": source.name,
            "asked_for": request.recipe.source,
            "reason": source.reason,
            "fingerprint": source.fingerprint,
            "split": "train less its validation part",
        },
        "init": {"name": start.name, "fingerprint": start.fingerprint, "legs": start.legs} if start else None,
        "strategy": {
            "name": request.strategy,
            "replicas": int(strategy.num_replicas_in_sync),
            "jit": request.jit,
            "device": device(),
        },
        "command": train_command(
            str(request.model), source.name, request.seed, request.init, request.settings, request.variant
        ),
        "commit": commit(),
        "versions": versions(),
    }


def _create_loop(
    training: ResolvedTraining,
    task: "Task",
    strategy: "tf.distribute.Strategy",
    parts: Any,
    run: Run | None,
    console: TrainingConsole,
) -> "Loop":
    from training.loop.loop import Loop

    return Loop(
        task,
        strategy,
        *parts,
        seed=training.request.seed,
        run=run,
        jit=training.request.jit,
        report=console.progress,
        announce=console.note,
    )


def _finish(run: Run, loop: "Loop", source: "Source", console: TrainingConsole) -> Path:
    """Export, evaluate what was exported, write the card; the SavedModel appears complete or not at all."""
    from training.evaluate import evaluate
    from training.publishing.card import card
    from training.publishing.saved_model import export
    from training.runs.evaluations import EvaluationOptions, read_evaluations
    from zoo.models import parse_name
    from zoo.pretrained.index import CARD

    config = run.config()
    with appears_whole(run.saved_model) as folder, console.waiting("exporting") as waiting:
        export(config["model"], config["model_arguments"], _weights(loop), folder)
        options = EvaluationOptions(draws=loop.recipe.variational.likelihood_draws, show=waiting.show)
        evaluation = evaluate(folder, parse_name(config["model"]), source, source.held_out, options)
        evaluation.write(run.path / "evaluation")
        (folder / CARD).parent.mkdir()
        write_json(run.path / SPEED, loop.speed())
        write_json(folder / CARD, card(config, read_evaluations(run.path), loop.speed()))
    console.finish(run, evaluation)
    return run.saved_model


def _weights(loop: "Loop") -> "list[np.ndarray]":
    """Return the weights to export: the last, or the best on the validation part."""
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
