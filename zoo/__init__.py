"""Subpixel Zoo: learned up-sampling for Keras 3, with exact twins and pretrained models.

Importing this package loads neither TensorFlow nor Keras; the calls that need them do.
"""

from zoo.models import model_names as _model_names
from zoo.names import matching as _matching
from zoo.pretrained.load import card, create_model, load_pretrained, published_names
from zoo.upscaling import upscale

__all__ = ["__version__", "card", "create_model", "list_models", "load_pretrained", "upscale"]

__version__: str


def list_models(pattern: str = "*", *, pretrained: bool = False) -> list[str]:
    """Return the names of models, sorted.

    Args:
        pattern: a wildcard pattern such as `"espcn*"`.
        pretrained: list the published SavedModels instead, such as `ae_subpixel.cifar10`.

    Raises:
        VerificationError: `pretrained` is set and an index of published models cannot be read.

    Examples:
        >>> zoo.list_models("ae_s*")
        ['ae_subpixel']
    """
    return _matching(published_names() if pretrained else _model_names(), pattern)


def __getattr__(name: str) -> str:
    # Read the version only on request, because that takes half as long as importing the package.
    if name == "__version__":
        from zoo.system.version import project_version

        return project_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
