"""Run `python -m zoo list | card | verify | upscale | sample | convert | export | demo`."""

import argparse
import json
import os
import re
import signal
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import zoo
from zoo import card, list_models
from zoo.command_line import (
    BAD_INPUT,
    DONE,
    FAILED,
    SIGNALLED,
    CommandError,
    Ending,
    OneLineParser,
    add_import,
    complain,
    one_line,
    raise_on_signals,
    run_command,
)
from zoo.demo.command import add_demo, run_demo
from zoo.export.arguments import add_export, run_export
from zoo.names import CONSOLE_COMMAND, PROGRAM, similar
from zoo.pretrained import VerificationError, published_names, verify
from zoo.pretrained.sample import SampleError
from zoo.registry import UnknownNameError
from zoo.system.installed import MissingTensorFlowError, missing_dependency
from zoo.system.quiet_tensorflow import start_tensorflow
from zoo.upscaling.arguments import add_upscale
from zoo.upscaling.enlarger import is_model_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: those of the command line; by default the process's own.
    """
    options = _parser().parse_args(arguments)
    raise_on_signals(lambda number: SystemExit(SIGNALLED + number), signal.SIGTERM)
    return run_command(options, _explain)


def _explain(error: BaseException) -> Ending | None:
    if isinstance(error, UnknownNameError | VerificationError | CommandError | SampleError):
        return Ending(BAD_INPUT, str(error))
    if isinstance(error, OSError | MissingTensorFlowError):
        return Ending(FAILED, str(error))
    if isinstance(error, ModuleNotFoundError) and (reason := missing_dependency(error)):
        return Ending(FAILED, reason)
    if isinstance(error, KeyboardInterrupt):
        return Ending(SIGNALLED + signal.SIGINT, "stopped")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(PROGRAM, description="Use the models of the zoo.")
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="command")

    names = commands.add_parser("list", help="names of models")
    names.add_argument("pattern", nargs="?", default="*", help="wildcards, such as 'ae_*'")
    names.add_argument("--pretrained", action="store_true", help="published SavedModels only")
    names.set_defaults(command=_list, prog=names.prog)

    facts = commands.add_parser("card", help="what a published model is, how good, and how to train it again")
    facts.add_argument("name", help="a published name; `list --pretrained` prints them")
    facts.add_argument("--json", action="store_true", help="all facts, as JSON")
    facts.set_defaults(command=_card, prog=facts.prog)

    convert = commands.add_parser("convert", help="rewrite a model from one up-sampler to the other, same outputs")
    convert.add_argument("source", type=Path, metavar="in.keras", help="a .keras or .h5 file that Keras saved")
    convert.add_argument("target", type=Path, metavar="out.keras", help="the file to write")
    convert.add_argument("--to", required=True, choices=("subpixel", "transpose"))
    convert.add_argument(
        "--when", default="always", choices=("always", "faster"), help="faster measures every layer on this machine"
    )
    convert.add_argument(
        "--form",
        default="split",
        choices=("split", "layer"),
        help="layer keeps one layer per layer, with its weights and output, and also converts inside other layers",
    )
    convert.add_argument(
        "--runtime",
        default="tensorflow",
        choices=("tensorflow", "xla", "litert", "onnx"),
        help="what to measure in: where the model will run",
    )
    convert.add_argument(
        "--input-shape",
        nargs="+",
        type=_shape,
        metavar="64,64,3",
        help="height, width, channels of each input that the model leaves open",
    )
    convert.add_argument("--measure", action="store_true", help="measure inference and report the times")
    convert.add_argument("--saved-model", type=Path, metavar="DIR", help="export a SavedModel too")
    convert.add_argument("--force", action="store_true", help="replace files that exist")
    add_import(convert)
    convert.set_defaults(command=_convert, prog=convert.prog)

    export = add_export(commands)
    export.set_defaults(command=run_export, prog=export.prog)

    check = commands.add_parser("verify", help="compare published files with the index")
    check.add_argument("names", nargs="*", help="published names; all by default")
    check.set_defaults(command=_verify, prog=check.prog)

    upscale = add_upscale(commands)
    upscale.set_defaults(command=_upscale, prog=upscale.prog)

    sample = commands.add_parser("sample", help="draw pictures, in one PNG")
    sample.add_argument("name", help="a published name of a generator or a variational autoencoder")
    sample.add_argument("path", metavar="OUT.png", type=Path, help="the file of pictures to write")
    sample.add_argument("--count", type=int, default=64, help="number of pictures; by default 64")
    sample.add_argument("--seed", type=int, default=0, help="the same seed draws the same pictures")
    sample.add_argument("--force", action="store_true", help="replace a file that exists")
    sample.set_defaults(command=_sample, prog=sample.prog)

    demo = add_demo(commands)
    demo.set_defaults(command=_demo, prog=demo.prog)
    return parser


class _PrintVersion(argparse.Action):
    """Print the version and exit. It is read only then, because that takes as long as half of the start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        print(CONSOLE_COMMAND, zoo.__version__)
        parser.exit(DONE)


def _shape(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes such as 64,64,3") from None


def _list(options: argparse.Namespace) -> None:
    names = list_models(options.pattern, pretrained=options.pretrained)
    if not names:
        kind = "published model" if options.pretrained else "model"
        families = sorted({re.split("[_.]", each)[0] for each in list_models(pretrained=options.pretrained)})
        near = next(iter(similar(options.pattern, families)), families[0] if families else "")
        exist = f"the families are {', '.join(families)}: try '{near}*'" if families else "there are none"
        raise CommandError(f"no {kind} matches {options.pattern!r}; {exist}")
    for name in names:
        print(name)


def _card(options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(card(options.name), indent=2))
        return
    from zoo.pretrained.describe import card_text

    print(card_text(options.name))


def _convert(options: argparse.Namespace) -> int:
    # Check the paths first, because Keras takes seconds to import.
    _check_conversion(options.source, options.target, options.saved_model, force=options.force)
    start_tensorflow()
    from zoo.convert.command import convert_file
    from zoo.convert.messages import innermost_reason

    try:
        convert_file(
            options.source,
            options.target,
            options.to,
            when=options.when,
            input_shapes=options.input_shape,
            measure=options.measure,
            runtime=options.runtime,
            saved_model=options.saved_model,
            modules=options.modules,
            form=options.form,
            force=options.force,
        )
    except (CommandError, OSError):
        raise
    # A file may hold any model, and Keras and TensorFlow may refuse it in any way.
    except Exception as error:
        reason = f"{type(error).__name__}: {innermost_reason(error)}"
        return complain(options.prog, f"{options.source} cannot be converted: {reason}", FAILED)
    return DONE


def _check_conversion(source: Path, target: Path, saved_model: Path | None, *, force: bool) -> None:
    if not source.is_file():
        raise CommandError(f"{source} is not a file")
    if not is_model_file(source.name):
        raise CommandError(f"{source} must end with .keras or .h5")
    if not (zipfile.is_zipfile(source) if source.suffix == ".keras" else _is_hdf5(source)):
        raise CommandError(f"{source} is not a model that Keras saved")
    if target.suffix != ".keras":
        raise CommandError(f"{target} must end with .keras")
    if target.exists() and target.samefile(source):
        raise CommandError(f"{target} is the model itself; write another file")
    if target.is_dir():
        raise CommandError(f"{target} is a folder; name the file to write")
    if saved_model and saved_model.exists() and not (saved_model / "saved_model.pb").is_file():
        raise CommandError(f"{saved_model} exists and is no SavedModel; name another folder")
    for path in filter(None, (target, saved_model)):
        if os.path.lexists(path) and not force:
            raise CommandError(f"{path} exists; replace it with --force")
        if not path.absolute().parent.is_dir():
            raise CommandError(f"{path.absolute().parent} is not a folder")


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _verify(options: argparse.Namespace) -> None:
    for name in options.names or published_names():
        print(f"{name}: {verify(name)} is as published")


def _upscale(options: argparse.Namespace) -> int:
    from zoo.imaging import Encoding, PictureError
    from zoo.upscaling.files import Settings, upscale_files

    if options.size and (options.width or options.height):
        raise CommandError("--size says both; --width and --height go without it")
    size = options.size or (options.width, options.height)
    settings = Settings(
        options.tile,
        size if any(size) else None,
        options.most_megapixels,
        options.metadata == "keep",
        Encoding(options.quality, options.lossless),
    )
    try:
        outcome = upscale_files(
            options.source,
            options.target,
            options.model,
            settings,
            force=options.force,
            skip_existing=options.skip_existing,
            modules=options.modules,
        )
    except PictureError as error:
        return complain(options.prog, error, BAD_INPUT)
    except (OSError, MemoryError) as error:
        return complain(options.prog, error, FAILED)
    for remark in outcome.remarks:
        complain(options.prog, remark, DONE)
    for path, reason in outcome.left_out:
        complain(options.prog, f"left out: {reason if str(path) in reason else f'{path} {reason}'}", DONE)
    for path, reason in outcome.failed:
        complain(options.prog, reason if str(path) in reason else f"{path}: {reason}", FAILED)
    code = FAILED if outcome.failed else DONE
    if options.source.is_dir() or outcome.skipped:
        hidden = f", {outcome.hidden} hidden" if outcome.hidden else ""
        counts = f"{outcome.done} done, {outcome.skipped} skipped, {len(outcome.failed)} failed"
        complain(options.prog, f"{counts}, {len(outcome.left_out)} left out{hidden}", code)
    if not outcome.failed:
        print(one_line(options.target))
    return code


def _sample(options: argparse.Namespace) -> None:
    from zoo.pretrained.sample import sample_file

    sample_file(options.name, options.path, options.count, options.seed, force=options.force)
    print(one_line(options.path))


def _demo(options: argparse.Namespace) -> None:
    run_demo(options.output, options.port)


if __name__ == "__main__":
    sys.exit(main())
