"""Check `scripts.imports` on made-up trees, and the imports of the repository with it."""

from pathlib import Path

import pytest

from scripts.imports import FORBIDDEN, LAYERS, ROOT, layer_of, main, module_files

RIGHT = {
    "zoo/__init__.py": "",
    "zoo/system/__init__.py": "",
    "zoo/system/files.py": "import os\n",
    "zoo/metrics/__init__.py": "from zoo.metrics.pictures import psnr\n",
    "zoo/metrics/pictures.py": "import numpy as np\nfrom zoo.system import files\n",
    "training/__init__.py": "",
    "training/errors.py": "",
    "training/train.py": "import training.errors\nfrom zoo.metrics import psnr\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def run(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(arguments, folder)
    return code, capsys.readouterr().out.splitlines()


def test_a_tree_without_faults(tmp_path, capsys):
    folder = write(tmp_path, RIGHT)
    assert run(folder, capsys, "--quiet") == (0, [])
    code, lines = run(folder, capsys)
    assert code == 0
    imported = {name: others for name, _, others in (line.partition(" ") for line in lines)}
    assert list(imported) == [f"{root}.{layer}" for root, layers in LAYERS.items() for layer in layers]
    assert imported["zoo.metrics"].strip() == "zoo.system"
    assert imported["training.train"].strip() == "training.errors, zoo.metrics"
    assert imported["zoo.system"] == ""


FAULTS = {
    "upward": (
        {"zoo/system/machine.py": "from zoo.metrics.pictures import psnr\n"},
        ["zoo.system.machine, line 1: imports zoo.metrics.pictures; metrics is above system in the list of layers"],
    ),
    "upward in a function": (
        {"training/errors.py": "def f():\n    import training.train\n"},
        [
            "training.errors, line 2: imports training.train; train is above errors in the list of layers",
            "circle: training.errors -> training.train -> training.errors",
        ],
    ),
    "upward for types only": (
        {"zoo/system/machine.py": "import typing\n\nif typing.TYPE_CHECKING:\n    from zoo.metrics import a\n"},
        ["zoo.system.machine, line 4: imports zoo.metrics; metrics is above system in the list of layers"],
    ),
    "upward by a relative import": (
        {"zoo/system/machine.py": "from ..metrics.pictures import psnr\n"},
        ["zoo.system.machine, line 1: imports zoo.metrics.pictures; metrics is above system in the list of layers"],
    ),
    "a circle inside one package": (
        {"zoo/system/files.py": "from . import hosts\n", "zoo/system/hosts.py": "from zoo.system.files import walk\n"},
        ["circle: zoo.system.files -> zoo.system.hosts -> zoo.system.files"],
    ),
    "a circle through the package": (
        {"zoo/metrics/pictures.py": "from zoo.metrics import ssim\n"},
        ["circle: zoo.metrics -> zoo.metrics.pictures -> zoo.metrics"],
    ),
    "two circles": (
        {
            "zoo/system/a.py": "import zoo.system.b\n",
            "zoo/system/b.py": "import zoo.system.c\nimport zoo.system.a\n",
            "zoo/system/c.py": "import zoo.system.a\n",
            "zoo/system/d.py": "import zoo.system.d, zoo.system.a\n",
        },
        ["circle: zoo.system.a -> zoo.system.b -> zoo.system.a", "circle: zoo.system.d -> zoo.system.d"],
    ),
    "zoo imports training": (
        {"zoo/system/machine.py": "import training.errors\n"},
        ["zoo.system.machine, line 1: imports training.errors; zoo never imports training"],
    ),
    "a layer that is not listed": (
        {"zoo/other/__init__.py": ""},
        ["zoo: other is not in the list of layers"],
    ),
    **{
        f"{root} imports {other}": (
            {f"{root}/__main__.py": f"def f():\n    from {other}.table import row\n"},
            [f"{root}.__main__, line 2: imports {other}; {root} never imports {other}"],
        )
        for root, others in FORBIDDEN.items()
        for other in others
        if other != "training"
    },
}


@pytest.mark.parametrize(("files", "expected"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_found(tmp_path, capsys, files, expected):
    assert run(write(tmp_path, RIGHT | files), capsys, "--quiet") == (1, expected)


def test_the_list_of_layers_is_printed(capsys):
    code, lines = run(ROOT, capsys, "--layers")
    assert code == 0
    assert lines == [f"{root}: {', '.join(layers)}" for root, layers in LAYERS.items()]


def test_the_repository_has_no_faults(capsys):
    assert run(ROOT, capsys, "--quiet") == (0, [])


def test_every_layer_of_the_list_exists():
    present = {(module.partition(".")[0], layer_of(module)) for module in module_files(ROOT)}
    assert present == {(root, layer) for root, layers in LAYERS.items() for layer in layers}
