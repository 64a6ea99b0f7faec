"""Kinds of sources, one per file."""
