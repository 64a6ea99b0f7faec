"""Help with files, hosts, times, the machine, and a quiet start of TensorFlow."""
