"""Help with the system: files, times, the machine, and a quiet start of TensorFlow."""
