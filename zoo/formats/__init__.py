"""Convert networks to formats of other runtimes, and run them there."""
