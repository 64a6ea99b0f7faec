"""python -m zoo list | card | verify | upscale | sample | convert."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from zoo import card, list_models, pretrained
from zoo.conversion import command as conversion
from zoo.registry import UnknownNameError
from zoo.sample import SampleError

if TYPE_CHECKING:
    from zoo.upscale import Tile

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 128


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; `--help` prints the usage."""

    def error(self, message: str) -> NoReturn:
        """Print and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return options.command(options) or DONE
    except (UnknownNameError, pretrained.VerificationError, conversion.CommandError, SampleError) as error:
        return _say(options, error, BAD_INPUT)
    except OSError as error:
        return _say(options, error, FAILED)
    except KeyboardInterrupt:
        return _say(options, "stopped", INTERRUPTED + signal.SIGINT)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(INTERRUPTED + number)


def _say(options: argparse.Namespace, what: object, code: int) -> int:
    print(f"{options.prog}: {what}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser("python -m zoo", description="Use the models of the zoo.")
    commands = parser.add_subparsers(required=True, metavar="command")

    names = commands.add_parser("list", help="names of models")
    names.add_argument("pattern", nargs="?", default="*", help="wildcards, such as 'ae_*'")
    names.add_argument("--pretrained", action="store_true", help="published SavedModels only")
    names.set_defaults(command=_list, prog=names.prog)

    facts = commands.add_parser("card", help="the facts of a published model, as JSON")
    facts.add_argument("name")
    facts.set_defaults(command=_card, prog=facts.prog)

    convert = commands.add_parser("convert", help="rewrite a model from one up-sampler to the other, same outputs")
    conversion.add_arguments(convert)
    convert.set_defaults(command=conversion.run, prog=convert.prog)

    check = commands.add_parser("verify", help="compare published files with the index")
    check.add_argument("names", nargs="*", help="published names; all by default")
    check.set_defaults(command=_verify, prog=check.prog)

    upscale = commands.add_parser("upscale", help="enlarge a picture, or a folder of them")
    upscale.add_argument("source", metavar="IN", type=Path, help="a PNG, JPEG or WebP file, or a folder")
    upscale.add_argument("target", metavar="OUT", type=Path, help="a file, or a folder for a folder")
    upscale.add_argument("--model", required=True, help="a published name, or bicubic_x2, _x3, _x4")
    upscale.add_argument("--tile", type=_tile, default="auto", help="auto, off, or a side in pixels of IN")
    upscale.add_argument("--force", action="store_true", help="replace files that exist")
    upscale.set_defaults(command=_upscale, prog=upscale.prog)
    sample = commands.add_parser("sample", help="draw pictures, in one PNG")
    sample.add_argument("name", help="a published name of a generator or a variational autoencoder")
    sample.add_argument("path", metavar="OUT.png", type=Path)
    sample.add_argument("--count", type=int, default=64)
    sample.add_argument("--seed", type=int, default=0, help="the same seed draws the same pictures")
    sample.add_argument("--force", action="store_true", help="replace a file that exists")
    sample.set_defaults(command=_sample, prog=sample.prog)
    return parser


def _tile(text: str) -> "Tile":
    words: dict[str, Tile] = {"auto": "auto", "off": "off"}
    if text in words:
        return words[text]
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} must be auto, off, or a whole number of pixels from 1")


def _list(options: argparse.Namespace) -> None:
    for name in list_models(options.pattern, pretrained=options.pretrained):
        print(name)


def _card(options: argparse.Namespace) -> None:
    print(json.dumps(card(options.name), indent=2))


def _verify(options: argparse.Namespace) -> None:
    for name in options.names or pretrained.published_names():
        print(f"{name}: {pretrained.verify(name)} is as published")


def _upscale(options: argparse.Namespace) -> int:
    from zoo.imaging.reading import PictureError
    from zoo.upscale_files import upscale_files

    try:
        failures = upscale_files(options.source, options.target, options.model, tile=options.tile, force=options.force)
    except PictureError as error:
        return _say(options, error, BAD_INPUT)
    except (OSError, MemoryError) as error:
        return _say(options, error, FAILED)
    for path, reason in failures:
        _say(options, reason if str(path) in reason else f"{path}: {reason}", FAILED)
    if failures:
        return _say(options, f"{len(failures)} failed, the others are in {options.target}", FAILED)
    print(options.target)
    return DONE


def _sample(options: argparse.Namespace) -> None:
    from zoo.sample import sample_file

    sample_file(options.name, options.path, options.count, options.seed, force=options.force)
    print(options.path)


if __name__ == "__main__":
    sys.exit(main())
