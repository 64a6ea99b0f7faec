"""The folder of one training."""
