"""Families of models, one per file."""

from zoo.models.building import build_discriminator, build_model, families, model_names, parse_name

__all__ = ["build_discriminator", "build_model", "families", "model_names", "parse_name"]
