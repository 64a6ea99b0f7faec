"""Kill trainings, break files, and count what is survived."""
