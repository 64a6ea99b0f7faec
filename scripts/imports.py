"""Check that imports point downward in the list of layers, and that no modules import each other in a circle.

    python -m scripts.imports [--quiet] [--layers]

Prints which package imports which, then one line per fault, and exits with 1 if there is a fault. Every import
statement of zoo/ and training/ counts, also those inside functions and under TYPE_CHECKING. `--quiet` prints faults
only, `--layers` prints the list of layers. `from package import name` counts as an import of the module `package.name`
where that is a module, and of `package/__init__.py` otherwise. That Python runs every `__init__.py` on the way to a
module does not count.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS: dict[str, tuple[str, ...]] = {
    "zoo": (
        *("__main__", "__init__", "demo", "export", "upscaling", "pretrained", "convert", "formats", "models"),
        *(
            "registry",
            "network",
            "metrics",
            "imaging",
            "layers",
            "upsampling",
            "arrays",
            "metric_catalogue",
            "command_line",
            "names",
            "system",
        ),
    ),
    "training": (
        *("__main__", "commands", "__init__", "compare", "train", "evaluate", "publishing", "request"),
        *("loop", "tasks", "reporting", "cluster", "runs", "optimisers", "recipes", "data", "errors"),
    ),
}
"""Modules and packages of each root, from top to bottom. A layer may import from its own layer and from those below."""

FORBIDDEN = {
    "zoo": ("training", "scripts", "benchmarks", "tests"),
    "training": ("scripts", "benchmarks", "tests"),
}
"""The other roots that no module of a root may import."""


@dataclass(frozen=True)
class Import:
    """Hold one import statement's arrow between two modules.

    Attributes:
        importer: full name of the module that imports.
        imported: full name of the module that is imported.
        line: number of the line in the importer's file.
    """

    importer: str
    imported: str
    line: int


def module_files(folder: Path) -> dict[str, Path]:
    """Return the file of every module of the layered roots in a folder, by full name."""
    files = {}
    for root in LAYERS:
        for path in sorted((folder / root).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def read_imports(files: Mapping[str, Path]) -> list[Import]:
    """Return every import between modules of the layered roots, and of a root that is forbidden to one of them."""
    forbidden = {name for names in FORBIDDEN.values() for name in names}
    found = []
    for importer, path in files.items():
        package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(), path)):
            for name in _imported_names(node, package):
                module = _module(name, files) or name.partition(".")[0]
                if module in files or module in forbidden:
                    found.append(Import(importer, module, node.lineno))
    return found


def _imported_names(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the full dotted names that an import statement names; nothing for any other statement."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*parents, *([node.module] if node.module else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _module(name: str, files: Mapping[str, Path]) -> str | None:
    """Return the longest leading part of a dotted name that is a module."""
    parts = name.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((each for each in names if each in files), None)


def layer_of(module: str) -> str:
    """Return the layer of a module, such as `metrics` for `zoo.metrics.pictures`."""
    return [*module.split("."), "__init__"][1]


def faults(imports: Sequence[Import], files: Mapping[str, Path]) -> list[str]:
    """Return one sentence per layer that is not in the list, forbidden or upward import, and circle."""
    unknown = sorted({(root_of(module), layer_of(module)) for module in files})
    found = [f"{root}: {layer} is not in the list of layers" for root, layer in unknown if layer not in LAYERS[root]]
    for each in imports:
        place = f"{each.importer}, line {each.line}"
        root, other = root_of(each.importer), root_of(each.imported)
        if other in FORBIDDEN[root]:
            found.append(f"{place}: imports {each.imported}; {root} never imports {other}")
        elif root == other and _points_upward(each, LAYERS[root]):
            layers = f"{layer_of(each.imported)} is above {layer_of(each.importer)}"
            found.append(f"{place}: imports {each.imported}; {layers} in the list of layers")
    return found + [f"circle: {' -> '.join(circle)}" for circle in circles(imports)]


def root_of(module: str) -> str:
    """Return the first part of a module's name."""
    return module.partition(".")[0]


def _points_upward(each: Import, layers: Sequence[str]) -> bool:
    importer, imported = layer_of(each.importer), layer_of(each.imported)
    return importer in layers and imported in layers and layers.index(imported) < layers.index(importer)


def circles(imports: Sequence[Import]) -> list[list[str]]:
    """Return one shortest circle per group of modules that all reach each other, closed: its first module ends it."""
    arrows: dict[str, set[str]] = {}
    for each in imports:
        arrows.setdefault(each.importer, set()).add(each.imported)
    reached = {module: _paths(module, arrows) for module in arrows}
    found, done = [], set()
    for module in sorted(arrows):
        if module in reached[module] and module not in done:
            found.append(reached[module][module])
            done |= {other for other in reached[module] if module in reached.get(other, {})}
    return found


def _paths(start: str, arrows: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return a shortest path of at least one arrow from a module to each module that it reaches."""
    paths: dict[str, list[str]] = {}
    queue = [[start]]
    for path in queue:
        for module in sorted(arrows.get(path[-1], ())):
            if module not in paths:
                paths[module] = [*path, module]
                queue.append(paths[module])
    return paths


def graph(imports: Sequence[Import]) -> list[str]:
    """Return a line per layer of each root: its name, and the layers that it imports."""
    lines = []
    for root, layers in LAYERS.items():
        for layer in layers:
            others = {
                (root_of(each.imported), layer_of(each.imported))
                for each in imports
                if (root_of(each.importer), layer_of(each.importer)) == (root, layer)
            }
            names = ", ".join(f"{other}.{name}" for other, name in sorted(others - {(root, layer)}))
            lines.append(f"{f'{root}.{layer}':<20} {names}".rstrip())
    return lines


def main(arguments: Sequence[str] | None = None, folder: Path = ROOT) -> int:
    """Print the graph and the faults; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quiet", action="store_true", help="print faults only")
    parser.add_argument("--layers", action="store_true", help="print the list of layers and stop")
    options = parser.parse_args(arguments)
    if options.layers:
        print("\n".join(f"{root}: {', '.join(layers)}" for root, layers in LAYERS.items()))
        return 0
    files = module_files(folder)
    imports = read_imports(files)
    if not options.quiet:
        print("\n".join(graph(imports)))
    found = faults(imports, files)
    print("\n".join(found), end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
