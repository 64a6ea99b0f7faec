"""Choose the published models that the page shows, without loading TensorFlow."""

from dataclasses import dataclass

from zoo.models import parse_name
from zoo.names import PublishedName
from zoo.pretrained.load import card, published_names

CLASSIFIER = "features"
"""The published classifier that reads the digits which a visitor draws."""

_DIGITS = "mnist"


@dataclass(frozen=True)
class Catalogue:
    """Hold published names by what the page does with them.

    Attributes:
        enlarging: networks on luma, one of each pair of twins.
        autoencoders: of digits.
        generators: what makes pictures of latent numbers: decoders and generators.
    """

    enlarging: list[str]
    autoencoders: list[str]
    generators: list[str]

    @property
    def names(self) -> list[str]:
        """Return all names, and that of the classifier."""
        return [*self.enlarging, *self.autoencoders, CLASSIFIER, *self.generators]


def catalogue() -> Catalogue:
    """Return the published models that the page shows.

    Raises:
        VerificationError: an index or a card differs from the published one.
    """
    chosen = Catalogue([], [], [])
    names = published_names()
    for name in names:
        facts = card(name)
        match _kind(name):
            case "super-resolution" if facts["input"]["shape"][-1] == 1 and not _has_subpixel_twin(name, names):
                chosen.enlarging.append(name)
            case "autoencoder" if facts["source"] == _DIGITS:
                chosen.autoencoders.append(name)
            case "vae" | "generator" if facts["upsampler"] == "subpixel":
                chosen.generators.append(name)
    return chosen


def _kind(name: str) -> str:
    return parse_name(PublishedName.parse(name).model).family.kind


def _has_subpixel_twin(name: str, names: list[str]) -> bool:
    """Return whether the page shows a published twin of a transposed network, which it converts to that form anyway."""
    model, dot, tag = name.partition(".")
    ending = "_transpose"
    return model.endswith(ending) and f"{model.removesuffix(ending)}_subpixel{dot}{tag}" in names
