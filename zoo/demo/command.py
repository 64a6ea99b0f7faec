"""Run `python -m zoo demo`."""

import argparse
from pathlib import Path
from typing import Any

_PORT = 8642


def add_demo(commands: "argparse._SubParsersAction[Any]") -> argparse.ArgumentParser:
    """Add the command and its arguments to the commands of a parser, and return its own parser."""
    demo = commands.add_parser("demo", help="try the models on a page in the browser")
    demo.add_argument(
        "--port", type=_port, default=_PORT, help=f"where 127.0.0.1 serves the page ({_PORT}); 0 takes a free one"
    )
    demo.add_argument(
        "--output", type=Path, metavar="DIR", help="write the page as plain files for a web server, and serve nothing"
    )
    return demo


def run_demo(output: Path | None, port: int) -> None:
    """Build the page, and write it to `output` or serve it until the process is stopped.

    Raises:
        CommandError: the port cannot be opened, or `output` cannot be written.
        PackageUnavailableError: the runtime is not on this machine and cannot be fetched.
        VerificationError: a published file differs from the index.
    """
    from zoo.demo.build import built_page, write_page
    from zoo.demo.server import HOST, create_server

    if output is not None:
        write_page(output, _say)
        print(output)
        return
    # A port that is taken should end the command before a minute of building.
    create_server(Path(), port).server_close()
    with create_server(built_page(_say), port) as server:
        _say(f"http://{HOST}:{server.server_address[1]}/ shows the page until Ctrl-C")
        server.serve_forever()


def _say(line: str) -> None:
    print(line, flush=True)


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 0 to 65535")
