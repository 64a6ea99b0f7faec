import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("port", ["70000", "-1", "http", "8.5"])
def test_a_bad_port_is_refused(command, port: str) -> None:
    done = command("zoo", "demo", f"--port={port}")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"python -m zoo demo: argument --port: {port!r} must be a whole number from 0 to 65535"
    ]


def test_a_port_that_is_taken_ends_the_command_before_anything_is_built(command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("zoo", "demo", "--port", port, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and str(port) in done.stderr
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_is_no_page_is_not_replaced(command, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    done = command("zoo", "demo", "--output", mine)
    assert done.returncode == 2
    assert "is no page that this command wrote" in done.stderr
    assert (mine / "thesis.txt").read_text() == "years of work"


def test_without_a_network_the_command_says_what_is_missing(command, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    done = command(
        "zoo",
        "demo",
        "--output",
        tmp_path / "page",
        XDG_CACHE_HOME=str(cache),
        NPM_CONFIG_REGISTRY="http://127.0.0.1:9",
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "which the page needs, is not on this machine and could not be fetched" in done.stderr
    assert f"into {cache / 'subpixel-zoo' / 'packages'}" in done.stderr
    assert not (tmp_path / "page").exists()
