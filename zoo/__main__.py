"""python -m zoo list | card | convert | verify."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import NoReturn

from zoo import card, list_models, pretrained
from zoo.conversion import command as conversion
from zoo.registry import UnknownNameError

DONE, BAD_INPUT = 0, 2


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
    except (UnknownNameError, pretrained.VerificationError, conversion.CommandError) as error:
        print(f"{options.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
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

    convert = commands.add_parser("convert", help="rewrite a model from one up-sampler to the other, same outputs")
    conversion.add_arguments(convert)
    convert.set_defaults(command=conversion.run, prog=convert.prog)

    check = commands.add_parser("verify", help="compare published files with the index")
    check.add_argument("names", nargs="*", help="published names; all by default")
    check.set_defaults(command=_verify, prog=check.prog)
    return parser


def _list(options: argparse.Namespace) -> None:
    for name in list_models(options.pattern, pretrained=options.pretrained):
        print(name)


def _card(options: argparse.Namespace) -> None:
    print(json.dumps(card(options.name), indent=2))


def _verify(options: argparse.Namespace) -> None:
    for name in options.names or pretrained.published_names():
        print(f"{name}: {pretrained.verify(name)} is as published")


if __name__ == "__main__":
    sys.exit(main())
