"""The console, TensorBoard and plots."""
