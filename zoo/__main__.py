"""python -m zoo list | card | verify | sample."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from zoo import card, list_models, pretrained
from zoo.registry import UnknownNameError
from zoo.sample import SampleError

DONE, FAILED, BAD_INPUT = 0, 1, 2


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; `--help` prints the usage."""

    def error(self, message: str) -> NoReturn:
        """Print and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (UnknownNameError, pretrained.VerificationError, SampleError) as error:
        print(f"{options.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"{options.prog}: {error}", file=sys.stderr)
        return FAILED
    return DONE


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

    check = commands.add_parser("verify", help="compare published files with the index")
    check.add_argument("names", nargs="*", help="published names; all by default")
    check.set_defaults(command=_verify, prog=check.prog)

    sample = commands.add_parser("sample", help="draw pictures, in one PNG")
    sample.add_argument("name", help="a published name of a generator or a variational autoencoder")
    sample.add_argument("path", metavar="OUT.png", type=Path)
    sample.add_argument("--count", type=int, default=64)
    sample.add_argument("--seed", type=int, default=0, help="the same seed draws the same pictures")
    sample.add_argument("--force", action="store_true", help="replace a file that exists")
    sample.set_defaults(command=_sample, prog=sample.prog)
    return parser


def _list(options: argparse.Namespace) -> None:
    for name in list_models(options.pattern, pretrained=options.pretrained):
        print(name)


def _card(options: argparse.Namespace) -> None:
    print(json.dumps(card(options.name), indent=2))


def _verify(options: argparse.Namespace) -> None:
    for name in options.names or pretrained.published_names():
        print(f"{name}: {pretrained.verify(name)} is as published")


def _sample(options: argparse.Namespace) -> None:
    from zoo.sample import sample_file

    sample_file(options.name, options.path, options.count, options.seed, force=options.force)
    print(options.path)


if __name__ == "__main__":
    sys.exit(main())
