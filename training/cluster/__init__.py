"""Several processes or machines that train together."""
