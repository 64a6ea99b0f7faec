"""Hold figures and facts from outside that a card shows beside a model's own: papers' results, and sources of data."""

import csv
from pathlib import Path
from typing import NamedTuple

PAPERS = Path(__file__).with_name("papers.csv")

PRINCIPAL_COMPONENTS = {"mnist": (64, 21.49), "cifar10": (256, 26.5)}
"""Number of principal components, and the PSNR in dB that they reach on the test part, by source."""

SOURCES = {
    "mnist": "MNIST, handwritten digits (LeCun, Cortes and Burges); CC BY-SA 3.0",
    "fashion_mnist": "Fashion-MNIST, pictures of clothes (Xiao et al. 2017); MIT",
    "cifar10": "CIFAR-10, small photographs (Krizhevsky 2009); published for research without a licence",
    "t91": "T91, 91 pictures (Yang et al. 2010); published for research without a licence",
    "bsds400": "BSDS400, the training and test pictures of BSDS500 (Arbelaez et al. 2011); for research",
    "openphotos": "OpenPhotos, photographs under open licences: CC0, CC BY, CC BY-SA, FAL and GFDL",
    "glyphs": "digits drawn from the fonts of matplotlib",
    "photos": "the openly licensed photographs in scikit-image",
}
"""Each source by the name that cards use: its pictures, its makers and its licence."""


class Paper(NamedTuple):
    """Hold what a paper reports of a super-resolution model, or of bicubic enlargement.

    Attributes:
        model: the paper's name for it.
        parameters: as text such as `57K`; empty if not known.
        quality: luma PSNR in dB and SSIM as texts by test set; empty where the paper reports none.
        note: what differs from the protocol of this zoo.
    """

    model: str
    parameters: str
    quality: dict[str, tuple[str, str]]
    note: str


def papers(scale: int) -> list[Paper]:
    """Return what papers report for a scale."""
    with PAPERS.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["scale"]) == scale]
    return [
        Paper(
            row["model"],
            row["parameters"],
            {name: (row[f"{name}_psnr"], row[f"{name}_ssim"]) for name in ("set5", "set14")},
            row["note"],
        )
        for row in rows
    ]


def source_facts(source: str) -> list[str]:
    """Return a sentence for each part of a source such as `t91+bsds400`."""
    return [SOURCES.get(part, part) for part in source.split("+")]
