"""Run `python -m training train | compare | report | evaluate | publish`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import get_args

from training.cluster import STRATEGIES, Jit, is_chief
from training.cluster.local_workers import local_worker, run_workers, stop_with_parent
from training.errors import InputError, Interrupted, RunError
from training.optimisers import check_optimiser
from training.recipes import VARIANTS, Precision, field_names, parse_overrides, recipe_for
from training.reporting import TrainingConsole
from training.runs.folder import find_saved_model
from training.runs.starting_weights import starting_weights
from zoo.command_line import BAD_INPUT, FAILED, SIGNALLED, Ending, OneLineParser, raise_on_signals, run_command
from zoo.models import parse_name
from zoo.pretrained.index import INDEX
from zoo.pretrained.load import VerificationError
from zoo.registry import UnknownNameError
from zoo.system.quiet_tensorflow import start_tensorflow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: those of the command line; by default the process's own.
    """
    raise_on_signals(Interrupted, signal.SIGINT, signal.SIGTERM)
    stop_with_parent()
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(given, argparse.Namespace(given=given))
    again = "goes on from there" if options.command in (_train, _compare) else "starts anew"
    return run_command(options, partial(_explain, again=again))


def _explain(error: BaseException, again: str) -> Ending | None:
    """Return exit code and message; bad input is found by every worker, and only the chief prints its message.

    Args:
        error: what ended the command.
        again: what the same command does if it is given again.
    """
    if isinstance(error, InputError):
        return Ending(BAD_INPUT, str(error) if _speaks() else None)
    if isinstance(error, UnknownNameError | VerificationError):
        return Ending(BAD_INPUT, str(error))
    if isinstance(error, RunError):
        return Ending(FAILED, str(error))
    if isinstance(error, OSError):
        return Ending(FAILED, f"{error}; what was saved before is intact, and the same command {again}")
    if isinstance(error, Interrupted):
        saved = f" and saved at step {error.step}" if error.step else ""
        # Workers that were started on this machine share a terminal and stop together.
        message = None if local_worker() and not _speaks() else f"stopped{saved}; the same command {again}"
        return Ending(SIGNALLED + error.number, message)
    return None


def _speaks() -> bool:
    """Return whether this process prints messages that all workers of a cluster have in common."""
    try:
        return is_chief()
    except InputError:
        return True


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser("python -m training", description="Make the models of the zoo.")
    commands = parser.add_subparsers(required=True, metavar="command")

    train = commands.add_parser("train", help="train a model, evaluate it, export a SavedModel")
    train.add_argument("--model", required=True, help="a model name, such as ae_subpixel")
    train.add_argument("--data", help="a source: a TFDS name, glyphs, photos, folder:PATH, a+b")
    train.add_argument("--steps", type=int)
    train.add_argument("--strategy", default="auto", choices=STRATEGIES)
    train.add_argument("--workers", type=int, default=1, help="number of local processes that train together")
    train.add_argument("--devices", type=int, help="number of devices to split the processor into")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--precision", help=", ".join(get_args(Precision)))
    train.add_argument("--recipe", help=f"a variant of the family's recipe: {', '.join(VARIANTS)}")
    train.add_argument("--init", help="start from a published model or a run's folder")
    train.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True)
    train.add_argument(
        "--jit", default="auto", choices=get_args(Jit), help="compile all steps of a call to one XLA program"
    )
    fields = f"fields of the recipe: {', '.join(field_names())}, model.<argument>"
    train.add_argument("--set", action="extend", nargs="+", default=[], metavar="field=value", help=fields)
    train.set_defaults(command=_train, prog=train.prog)

    compare = commands.add_parser("compare", help="train and measure the twins of a family, write a report")
    compare.add_argument("--family", required=True, help="a family with up-samplers, such as ae")
    compare.add_argument("--scale", type=int, help="the scale of a super-resolution family")
    compare.add_argument("--data", help="a source, as for train")
    compare.add_argument("--seeds", type=int, default=3)
    compare.add_argument("--upsamplers", help="two or more, separated by commas; by default all")
    compare.add_argument("--steps", type=int, help="steps of each run; by default the recipe's compare_steps")
    compare.add_argument("--fairness", default="own", help="own, mapped, cost: one or more, separated by commas")
    compare.add_argument("--set", action="extend", nargs="+", default=[], metavar="field=value", help="as for train")
    compare.set_defaults(command=_compare, prog=compare.prog)

    report = commands.add_parser("report", help="write the reports of a family's comparisons again")
    report.add_argument("--family", required=True)
    report.add_argument("--scale", type=int)
    report.add_argument("--data", help="a source; by default all that the family was compared on")
    report.set_defaults(command=_report, prog=report.prog)

    evaluate = commands.add_parser("evaluate", help="measure a published or trained model on a source")
    evaluate.add_argument("--model", required=True, help="a published name or a run's folder")
    evaluate.add_argument("--data", help="a source; by default the one that the model was trained on")
    evaluate.add_argument(
        "--features", help="a published classifier or inception, to measure the distances of samples with"
    )
    evaluate.add_argument(
        "--degradation", help="what is done to pictures before they are enlarged, such as jpeg:40 or blur:1.6+noise:5"
    )
    evaluate.set_defaults(command=_evaluate, prog=evaluate.prog)

    publish = commands.add_parser("publish", help="verify a run's SavedModel and copy it to saved_models/")
    what = publish.add_mutually_exclusive_group(required=True)
    what.add_argument("--run", type=Path, help="runs/<model>/<run id>")
    what.add_argument("--refresh", metavar="NAME", help="export a published model again, with its weights and its card")
    publish.add_argument("--tag", help="publish the run as <model>.<tag>, such as photo")
    publish.add_argument("--force", action="store_true", help="replace a model published under that name")
    publish.set_defaults(command=_publish, prog=publish.prog)
    return parser


def _train(options: argparse.Namespace) -> None:
    name = parse_name(options.model)
    settings = parse_overrides(options.set)
    given = {"steps": options.steps, "precision": options.precision}
    settings |= {field: value for field, value in given.items() if value is not None}
    recipe = recipe_for(name.family, options.data, settings, variant=options.recipe)
    if not 0 <= options.seed < 2**31:
        raise InputError(f"seed={options.seed} must be from 0 to 2147483647")
    if options.workers > 1 and options.strategy not in ("auto", "multiworker"):
        raise InputError(f"strategy {options.strategy} trains in one process; with WORKERS take auto or multiworker")
    if options.workers < 1:
        raise InputError(f"workers={options.workers} must be at least 1")
    if recipe.batch % options.workers:
        raise InputError(f"batch={recipe.batch} does not divide by {options.workers} workers; take a multiple of it")
    if options.devices is not None and options.devices < 1:
        raise InputError(f"devices={options.devices} must be at least 1")

    from training.data import validate_source

    validate_source(recipe.source)
    check_optimiser(recipe.optimiser)
    starting_weights(options.init, name, {}, options.seed)
    if options.workers > 1:
        # Argparse takes the last of a repeated option.
        run_workers(options.workers, [*options.given, "--workers", "1"])
        return
    from training.request import TrainingRequest
    from training.train import train

    request = TrainingRequest(
        model=name,
        recipe=recipe,
        seed=options.seed,
        strategy=options.strategy,
        logical_cpus=options.devices,
        init=options.init,
        resume=options.resume,
        jit=options.jit,
        settings=settings,
        variant=options.recipe,
    )
    report = TrainingConsole()
    try:
        train(request, report)
    finally:
        report.stop()


def _compare(options: argparse.Namespace) -> None:
    from training.compare.plan import check_request
    from training.data import validate_source
    from zoo.models import families

    settings = parse_overrides(options.set)
    if options.steps is not None:
        settings["steps"] = options.steps
    request = check_request(
        families(),
        options.family,
        scale=options.scale,
        upsamplers=options.upsamplers,
        seeds=options.seeds,
        fairness=options.fairness,
        data=options.data,
        settings=settings,
    )
    validate_source(request.recipe().source)
    check_optimiser(request.recipe().optimiser)
    from training.compare.running import compare

    console = TrainingConsole().console
    folder = compare(request, console)
    console.print(f"watch: make tensorboard    again: make report FAMILY={options.family}")
    console.print(f"report: {folder / 'report.html'}")


def _report(options: argparse.Namespace) -> None:
    from training.compare.results.records import existing

    name = options.family + (f"_x{options.scale}" if options.scale else "")
    folders = existing(name, options.data)
    start_tensorflow()
    from training.compare.report.write import write_report

    for folder in folders:
        TrainingConsole().console.print(f"report: {write_report(folder)}")


def _evaluate(options: argparse.Namespace) -> None:
    if not options.model.startswith("bicubic_"):
        find_saved_model(options.model)
    start_tensorflow()
    from training.evaluate import evaluate_command

    evaluate_command(options.model, options.data, TrainingConsole().console, options.features, options.degradation)


def _publish(options: argparse.Namespace) -> None:
    if options.run:
        find_saved_model(f"{options.run}/")
    start_tensorflow()
    from training.publishing.publish import publish, refresh

    console = TrainingConsole()
    with console.waiting("publishing"):
        if options.refresh:
            folder = refresh(options.refresh)
        else:
            folder = publish(options.run, tag=options.tag, force=options.force)
    console.console.print(f"published: {folder}, listed in {folder.parent / INDEX}")
