"""Train generators against a discriminator."""
