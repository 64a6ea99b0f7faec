"""Read the commands, the Python examples and the links of README.md and of the pages."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from tests.helpers.commands import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "examples" / "README.md"]
NO_COMMANDS = ("text", "yaml", "json", "html", "js", "javascript", "css", "toml")
"""Languages of blocks that hold neither commands nor examples. A block without a language holds commands."""
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<content>.*?)^(?P=fence)$", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}.*\n)(?: {4}.*\n|\n(?= {4}))*")


class Block(NamedTuple):
    """Hold a block of a page: its language, which is empty for an indented one, and its content."""

    language: str
    content: str


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, fenced and indented."""
    text = page.read_text(encoding="utf-8")
    fenced = [Block(match["language"], match["content"]) for match in _FENCE.finditer(text)]
    # An indented block follows an empty line that does not belong to a list.
    rest = _FENCE.sub("", text)
    return fenced + [Block("", re.sub(r"(?m)^ {4}", "", match[0])) for match in _INDENTED.finditer(rest)]


def examples(page: Path) -> str:
    """Return the Python examples of a page as one program, in their order."""
    return "\n\n".join(block.content for block in blocks(page) if block.language == "python")


def commands(page: Path) -> list[list[str]]:
    """Return the commands of a page, each as its words: those in blocks, and those in the text between backquotes."""
    lines: list[str] = []
    for block in blocks(page):
        if block.language in NO_COMMANDS or block.language == "python" or block.content.startswith("#!"):
            continue
        lines += block.content.replace("\\\n", " ").splitlines()
    # A command in a sentence may be cut short, such as `make figures`, but its first words are those of a command.
    text = _INDENTED.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    lines += [code for code in re.findall(r"`([^`]+)`", text) if re.match(r"(python -m|make) [^.]", code)]
    words = [shlex.split(line, comments=True) for line in lines]
    return [command for command in words if command]
