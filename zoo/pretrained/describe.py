"""Describe a published model for people, from its card and from references."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.metric_catalogue import FLOOR, metric
from zoo.models import parse_name
from zoo.names import PublishedName
from zoo.pretrained.load import card
from zoo.pretrained.references import PRINCIPAL_COMPONENTS, papers, source_facts

WIDTH = 100

_UPSAMPLERS = {
    "subpixel": "sub-pixel convolutions",
    "transpose": "transposed convolutions that are exact twins of sub-pixel convolutions",
    "transpose_2r": "transposed convolutions of the usual kernel size, twice the stride",
    "resize": "nearest-neighbour up-sampling followed by convolutions",
}
_KINDS = {
    "autoencoder": "Compresses a picture to a short vector and draws it again",
    "vae": "Compresses a picture to a distribution over vectors, and draws new pictures from random vectors",
    "generator": "Draws pictures from random vectors",
    "super-resolution": "Enlarges pictures {scale} times",
    "classifier": "Classifies pictures; its features measure how alike two sets of pictures are",
}
_SHOWN = {
    "autoencoder": ("psnr", "ssim", "mse"),
    "vae": ("elbo", "log_likelihood", "psnr", "frechet", "kernel", "precision", "recall", "confident"),
    "generator": ("frechet", "kernel", "precision", "recall", "confident", "smallest_class", "largest_class"),
    "classifier": ("accuracy", "cross_entropy"),
}


@dataclass(frozen=True)
class Section:
    """Hold one part of a description.

    Attributes:
        heading: its title.
        lines: sentences, or commands if `commands` is set.
        table: rows of cells below the lines, the first row with the names of the columns; () for no table.
        commands: whether the lines are commands.
    """

    heading: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    commands: bool = False


def describe(name: str) -> list[Section]:
    """Return the description of a published model, part by part; the first part is what the model is.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: an index cannot be read.
    """
    facts = card(name)
    model = parse_name(PublishedName.parse(name).model)
    kind = model.family.kind
    made = f" with {_UPSAMPLERS.get(model.upsampler, model.upsampler)}" if model.upsampler else ""
    work = facts["multiply_adds"]
    size = f"{work / 1e9:.1f} G multiply-adds for an output of 1280x720" if model.scale else f"{work / 1e6:.1f} M"
    what = [
        _KINDS[kind].format(scale=model.scale) + made + ".",
        f"{facts['parameters']:,} parameters, {size}{'' if model.scale else ' multiply-adds for a picture'}.",
        *filter(None, [facts.get("notes")]),
    ]
    return [
        Section(name, tuple(what)),
        _quality(name, facts, kind),
        Section("Limits", tuple(_limits(name, facts, kind))),
        Section("Use it", (_use(name, kind),), commands=True),
        Section("Train it again", tuple(_training(facts)), commands=True),
        Section(
            "Data and licence",
            (*(f"{fact}." for fact in source_facts(facts["source"])), f"The weights: {facts['licence']}."),
        ),
        Section("Paper", (f"{facts['citation']}.",)),
    ]


def card_text(name: str) -> str:
    """Return the description of a published model as text of at most 100 columns.

    Raises:
        UnknownNameError: no published model has that name.
        VerificationError: an index cannot be read.
    """
    title, *sections = describe(name)
    blocks = [[title.heading, *_indented(title)]]
    blocks += [[section.heading, *_indented(section)] for section in sections]
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _indented(section: Section) -> list[str]:
    lines = []
    for line in section.lines:
        is_command = section.commands and not line.startswith("#")
        lines += _wrapped_command(line) if is_command else textwrap.wrap(line, WIDTH - 2)
    widths = [max(map(len, column)) for column in zip(*section.table, strict=True)]
    for first, *rest in section.table:
        numbers = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  ".join((first.ljust(widths[0]), *numbers)).rstrip())
    return [f"  {line}" for line in lines]


def _wrapped_command(command: str) -> list[str]:
    """Return a command as lines that a shell takes for one, broken between its words alone."""
    lines = [""]
    for word in re.findall(r"(?:[^\s']|'[^']*')+", command):
        if lines[-1] and len(lines[-1]) + len(word) > WIDTH - 5:
            lines[-1] += " \\"
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _quality(name: str, facts: Mapping[str, Any], kind: str) -> Section:
    if facts["scale"]:
        return Section(
            "Quality beside published figures",
            ("Luma, PSNR in dB / SSIM, on pictures that were reduced with a bicubic filter.", *_degraded(facts)),
            super_resolution_rows([(name, facts)], facts["scale"]),
        )
    metrics = {key: entry["value"] for key, entry in facts["metrics"].items()}
    rows = []
    for key in _SHOWN[kind]:
        if key in metrics:
            known = metric(key)
            row = [known.label + (f", {known.unit.strip()}" if known.unit else ""), known.text(metrics[key])]
            floor = metrics.get(key + FLOOR)
            rows.append((*row, "" if floor is None else known.text(floor)))
    references = any(row[2] for row in rows)
    head = ("on the test part", name, "real pictures")
    table = tuple(row if references else row[:2] for row in (head, *rows))
    lines = []
    if kind == "autoencoder" and facts["source"] in PRINCIPAL_COMPONENTS:
        count, psnr = PRINCIPAL_COMPONENTS[facts["source"]]
        lines = [f"For comparison, {count} principal components reach {psnr:.1f} dB."]
    return Section("Quality", tuple(lines), table)


def super_resolution_rows(models: Sequence[tuple[str, Mapping[str, Any]]], scale: int) -> tuple[tuple[str, ...], ...]:
    """Return models and what papers report, ordered by PSNR on Set5; the first row holds the names of the columns.

    Args:
        models: names and cards, all of one scale.
        scale: the scale.
    """
    rows = []
    for name, facts in models:
        cells = _luma_cells(facts, "")
        rows.append((name, f"{facts['parameters'] / 1000:.1f}K", *(cell or "-" for cell in cells)))
    for paper in papers(scale):
        cells = [" / ".join(filter(None, paper.quality[source])) for source in ("set5", "set14")]
        note = f" ({paper.note})" if paper.note else ""
        rows.append((paper.model + note, paper.parameters or "-", *(cell or "-" for cell in cells)))
    return (("model", "parameters", "Set5", "Set14"), *sorted(rows, key=lambda row: row[2]))


def _luma_cells(facts: Mapping[str, Any], degradation: str) -> list[str]:
    """Return PSNR and SSIM on Set5 and on Set14, under one degradation."""
    values = {
        (entry["source"], key.partition(".")[0]): entry["value"]
        for key, entry in facts["metrics"].items()
        if entry.get("degradation", "") == degradation
    }
    return [
        " / ".join(
            f"{values[source, key]:.{digits}f}"
            for key, digits in (("psnr_y", 2), ("ssim_y", 4))
            if (source, key) in values
        )
        for source in ("set5", "set14")
    ]


def _degraded(facts: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each degradation of the test sets beside the reduction."""
    names = dict.fromkeys(filter(None, (entry.get("degradation") for entry in facts["metrics"].values())))
    lines = []
    for name in names:
        cells = zip(("Set5", "Set14"), _luma_cells(facts, name), strict=True)
        lines.append(f"With {name} in addition: {', '.join(f'{cell} on {title}' for title, cell in cells if cell)}.")
    return lines


def _limits(name: str, facts: Mapping[str, Any], kind: str) -> list[str]:
    metrics = {key: entry["value"] for key, entry in facts["metrics"].items()}
    if kind == "super-resolution":
        if name.endswith(".photo"):
            return ["It was trained for photographs with noise and JPEG's artefacts. Of a clean picture it keeps less."]
        return [
            "It was trained on clean pictures that were reduced with an antialiased bicubic filter. It enlarges noise "
            "and JPEG's artefacts, too, and does not remove blur.",
        ]
    height, width, channels = facts["model_arguments"].get("image_shape", (28, 28, 1))
    shape = f"{height}x{width} in {'grey' if channels == 1 else 'colour'}"
    limits = [f"It knows pictures of {shape} like those of {facts['source']}, and is of little use for others."]
    if "recall" in metrics:
        line = f"{metrics['recall']:.0%} of the real pictures have samples like them (recall)."
        if "confident" in metrics and f"confident{FLOOR}" in metrics:
            line = line[:-1] + (
                f"; the classifier is sure of {metrics['confident']:.0%} of the samples and of "
                f"{metrics['confident' + FLOOR]:.0%} of the real pictures."
            )
        limits.append(line)
    if kind == "classifier":
        limits.append("Distances between its features cannot be compared with those of another classifier.")
    return limits


def _use(name: str, kind: str) -> str:
    if kind == "super-resolution":
        return f"python -m zoo upscale small.png large.png --model {name}"
    if kind in ("vae", "generator"):
        return f"python -m zoo sample {name} samples.png --count 64 --seed 7"
    output = "features" if kind == "classifier" else "image"
    return f'zoo.load_pretrained("{name}").serve(image=pictures)["{output}"]'


def _training(facts: Mapping[str, Any]) -> list[str]:
    """Return the commands, each below the commit whose recipes it was run with and, where it is known, the device."""
    lines = []
    for leg in [*facts.get("legs", []), facts]:
        device = f", on {leg['device']}" if leg.get("device") else ""
        lines += [f"# at commit {leg['commit'][:10]}{device}", leg["command"]]
    return lines
