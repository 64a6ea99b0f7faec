"""The files of a comparison, and the statistics over them."""
