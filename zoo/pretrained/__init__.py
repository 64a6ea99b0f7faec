"""Find, verify and load published models."""

from zoo.pretrained.index import VerificationError
from zoo.pretrained.load import card, create_model, load_pretrained, published_names, verify

__all__ = ["VerificationError", "card", "create_model", "load_pretrained", "published_names", "verify"]
