"""Measure the runs of a comparison."""
