"""Train super-resolution networks."""
