"""Batches of pictures for training and evaluation."""
