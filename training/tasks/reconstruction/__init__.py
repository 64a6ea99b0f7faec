"""Train autoencoders."""
