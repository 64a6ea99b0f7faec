"""Write the cards of published models, and the table of families, in Markdown."""

from collections.abc import Sequence
from pathlib import Path

import zoo
from scripts.markdown import table
from zoo.metric_catalogue import metric
from zoo.models import families as registered_families
from zoo.pretrained.describe import Section, describe

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures" / "models"
_BEST = {
    "autoencoder": "psnr",
    "vae": "log_likelihood",
    "generator": "frechet",
    "super-resolution": "psnr_y",
    "classifier": "accuracy",
}
"""The metric that stands for each kind of model in the table of families."""
_HEADINGS = {
    "autoencoder": "autoencoders",
    "vae": "variational-autoencoders-and-generators",
    "generator": "variational-autoencoders-and-generators",
    "super-resolution": "super-resolution",
    "classifier": "classifiers",
}
"""The section of docs/models.md that shows each kind."""


def link(name: str) -> str:
    """Return a link from a page in docs/ to a published model's card."""
    return f"[`{name}`](cards.md#{name.replace('.', '').replace('+', '')})"


def cards() -> str:
    """Return the cards of all published models, one after the other."""
    return "\n".join(_card(name) for name in zoo.list_models(pretrained=True))


def _card(name: str) -> str:
    title, *sections = describe(name)
    parts = [f"## `{name}`", " ".join(title.lines)]
    picture = FIGURES / f"{name}.png"
    if picture.is_file():
        parts.append(f"![What {name} makes](figures/models/{picture.name})")
    return "\n\n".join([*parts, *(part for section in sections for part in _section(section))]) + "\n"


def _section(section: Section) -> list[str]:
    parts = [f"**{section.heading}**"]
    if section.commands:
        language = "python" if section.lines[0].startswith("zoo.") else "bash"
        parts.append("\n".join((f"```{language}", *section.lines, "```")))
    elif section.lines:
        parts.append(" ".join(section.lines))
    if section.table:
        head, *rows = section.table
        parts.append(table("|".join(head), rows).rstrip())
    return parts


def families() -> str:
    """Return the families of the zoo, one row each: what they are for, and the best published figure."""
    rows = []
    for name, family in registered_families().items():
        published = [each for each in zoo.list_models(f"{name}_*", pretrained=True)]
        published += [each for each in zoo.list_models(f"{name}*", pretrained=True) if each.split(".")[0] == name]
        kind = f"[{family.kind}](docs/models.md#{_HEADINGS[family.kind]})"
        scales = ", ".join(f"x{scale}" for scale in family.scales) or "-"
        sources = ", ".join(dict.fromkeys(zoo.card(each)["source"] for each in published))
        best = _best(published, _BEST[family.kind])
        rows.append([f"`{name}`", kind, scales, sources or "not published", best])
    return table("family|kind|scales|trained on|best figure", rows, words=5)


def _best(published: Sequence[str], key: str) -> str:
    """Return the best value of a metric, each on the family's first source, and the model that reaches it."""
    known = metric(key)
    found = []
    for name in published:
        entry = zoo.card(name)["metrics"].get(key)
        if entry:
            found.append((entry["value"], name, entry["source"]))
    if not found:
        return "-"
    choose = max if known.larger_is_better else min
    value, name, source = choose(found)
    return f"{known.label} {known.text(value)}{known.unit} on {source}: [`{name}`](docs/{link(name).split('](')[1]}"
