"""Let mkdocs build the site from the repository as it is.

The hooks below add pages that lie outside docs/, such as README.md, and the files that pages link to, such as results:
links that work in the repository work on the site. A public name without a docstring is a warning, which the strict
build turns into an error.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs"
COPIES = "files"
"""The folder of the site that holds files of the repository that are no pages."""
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "examples/README.md": "examples.md",
}
"""Pages that lie outside docs/, and their places on the site."""
LINK = re.compile(r"(?<=\]\()(?P<target>[^)\s#:]+)(?=[#)])")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
log = logging.getLogger("mkdocs.hooks.site")


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages outside docs/, and every file of the repository that a page links to."""
    from mkdocs.structure.files import File

    places = {f"{DOCS}/{file.src_uri}": file.src_uri for file in files.documentation_pages()} | PAGES
    copied: set[str] = set()
    for path, place in places.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        copied |= {target for target in linked_files(path, text) if place_of(target).startswith(f"{COPIES}/")}
        if path in PAGES:
            files.append(File.generated(config, place, content=text))
    for path in sorted(copied):
        files.append(File.generated(config, place_of(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Let the links of a page lead to where their files are on the site."""
    origin = {place: path for path, place in PAGES.items()}.get(page.file.src_uri, f"{DOCS}/{page.file.src_uri}")
    return moved(markdown, origin, page.file.src_uri)


def on_pre_build(config: "MkDocsConfig") -> None:
    """Warn of public names without a docstring."""
    for name in undocumented():
        log.warning("%s has no docstring", name)


def linked_files(path: str, text: str) -> set[str]:
    """Return the files of the repository that a page links to, as paths from its root.

    Args:
        path: the page's, from the root.
        text: the page.
    """
    targets = {resolved(path, link["target"]) for link in LINK.finditer(FENCED.sub("", text))}
    return {target for target in targets if (ROOT / target).is_file()}


def moved(text: str, path: str, place: str) -> str:
    """Return a page whose links fit its place on the site.

    Args:
        text: the page.
        path: the page's, from the root of the repository.
        place: the page's, from the root of the site.
    """

    def move(link: re.Match[str]) -> str:
        target = resolved(path, link["target"])
        if not (ROOT / target).is_file():
            return link["target"]
        return posixpath.relpath(place_of(target), posixpath.dirname(place) or ".")

    fences = [(fence.start(), fence.end()) for fence in FENCED.finditer(text)]
    return LINK.sub(
        lambda link: link[0] if any(start <= link.start() < end for start, end in fences) else move(link), text
    )


def resolved(path: str, target: str) -> str:
    """Return a relative link of a page as a path from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def place_of(path: str) -> str:
    """Return where a file of the repository is on the site."""
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix(f"{DOCS}/") if path.startswith(f"{DOCS}/") else f"{COPIES}/{path}"


def undocumented() -> list[str]:
    """Return the public names of the packages in docs/api/ that have no docstring."""
    import griffe

    root = griffe.load("zoo", search_paths=[str(ROOT)], try_relative_path=False)
    pages = "".join(path.read_text() for path in sorted((ROOT / DOCS / "api").glob("*.md")))
    missing: list[str] = []
    for name in re.findall(r"^::: (\S+)$", pages, re.MULTILINE):
        missing += _undocumented(root[name.partition(".")[2]] if "." in name else root, name)
    return missing


def _undocumented(thing: Any, name: str) -> list[str]:
    missing = [] if thing.has_docstring else [name]
    if thing.is_module or thing.is_class:
        for member in thing.members.values():
            # Magic methods and constructors are described by their class.
            if member.name.startswith("__"):
                continue
            # A name that a module imports is public only if the module lists it.
            shown = member.is_public and (member.is_function or member.is_class) and not member.is_imported
            listed = thing.is_module and thing.exports and member.name in thing.exports
            if (shown or listed) and not member.is_attribute:
                missing += _undocumented(member, f"{name}.{member.name}")
    return missing
