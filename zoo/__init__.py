"""Subpixel Zoo: learned up-sampling for Keras 3, with exact twins and pretrained models.

Importing this package loads neither TensorFlow nor Keras; the calls that need them do.
"""

from zoo.models import model_names as _model_names
from zoo.names import matching as _matching
from zoo.pretrained.load import card, create_model, load_pretrained, published_names
from zoo.upscaling import upscale

__all__ = ["card", "create_model", "list_models", "load_pretrained", "upscale"]


def list_models(pattern: str = "*", *, pretrained: bool = False) -> list[str]:
    """Names of models, sorted.

    Args:
        pattern: a wildcard pattern such as `"espcn*"`.
        pretrained: list the published SavedModels instead, `ae_subpixel.cifar10` among them.

    Example:
        >>> zoo.list_models("ae_s*")
        ['ae_subpixel']
    """
    return _matching(published_names() if pretrained else _model_names(), pattern)
